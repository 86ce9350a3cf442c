'use strict';

/**
 * Says at the start how many suites run and how long they take, and after each suite how far the run is. Plain lines on
 * stderr, so that a log of CI stays readable and stdout stays free for `--json`.
 */
class ProgressReporter {
  onRunStart({ numTotalTestSuites }, { estimatedTime }) {
    this.startedAt = Date.now();
    this.total = numTotalTestSuites;
    this.done = 0;
    if (this.total > 0) say(`${suites(this.total)}, ${duration(estimatedTime)} on two cores.`);
  }

  onTestResult() {
    this.done += 1;
    const seconds = Math.round((Date.now() - this.startedAt) / 1000);
    say(`${this.done}/${suites(this.total)}, ${seconds} s`);
  }
}

function say(line) {
  process.stderr.write(`${line}\n`);
}

function suites(count) {
  return count === 1 ? '1 suite' : `${count} suites`;
}

function duration(seconds) {
  if (seconds < 90) return `about ${Math.max(seconds, 1)} s`;
  return `about ${(seconds / 60).toFixed(1).replace('.0', '')} minutes`;
}

module.exports = ProgressReporter;
