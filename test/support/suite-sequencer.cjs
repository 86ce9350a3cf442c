'use strict';

const { relative, sep } = require('node:path');
const { default: Sequencer } = require('@jest/test-sequencer');

// Seconds of the slow suites on two cores. A fresh clone, which is what CI runs on, has no durations of an earlier run:
// without this list a slow suite may start last, and one core waits for the other.
const SLOW_SUITES = {
  'test/launcher.e2e-spec.ts': 65,
  'test/command-line.e2e-spec.ts': 46,
  'test/outages.e2e-spec.ts': 41,
  'test/bounded-work.e2e-spec.ts': 31,
  'test/sweep-scale.e2e-spec.ts': process.env.SCALE_USERS ? 90 : 26,
  'test/silent-postgres.e2e-spec.ts': 20,
  'test/reconciliation-commands.e2e-spec.ts': 20,
  'test/unconfirmed-callbacks.e2e-spec.ts': 19,
  'test/permutations.e2e-spec.ts': process.env.PERMUTATIONS === 'all' ? 300 : 16,
  'test/migrate-command.e2e-spec.ts': 16,
  'test/sweep-recovery.e2e-spec.ts': 15,
  'test/concurrent-processes.e2e-spec.ts': 15,
  'test/sweep-failures.e2e-spec.ts': 13,
  'test/doctor-command.e2e-spec.ts': 13,
  'test/documents.e2e-spec.ts': 13,
  'test/terra-faults.e2e-spec.ts': 12,
  'test/forged-callbacks.e2e-spec.ts': 12,
  'test/sandbox-scenarios.e2e-spec.ts': 11,
  'test/embedding.e2e-spec.ts': 11,
  'test/shutdown.e2e-spec.ts': 10,
  'test/embedding-database.e2e-spec.ts': 10,
};
const OTHER_E2E_SECONDS = 3;
const OTHER_SPEC_SECONDS = 1;

/** Starts the slow suites first, and tells jest how long each suite takes; the progress reporter prints the sum. */
class SuiteSequencer extends Sequencer {
  static SLOW_SUITES = SLOW_SUITES;

  /** Overrides jest's own: the duration of the suite's last run, which depends on what else the machine did. */
  time(test) {
    const path = relative(test.context.config.rootDir, test.path).split(sep).join('/');
    const other = path.endsWith('.e2e-spec.ts') ? OTHER_E2E_SECONDS : OTHER_SPEC_SECONDS;
    return 1_000 * (SLOW_SUITES[path] ?? other);
  }
}

module.exports = SuiteSequencer;
