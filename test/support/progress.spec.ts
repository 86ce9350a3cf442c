import { existsSync } from 'node:fs';
import { join } from 'node:path';

interface Reporter {
  onRunStart(results: { numTotalTestSuites: number }, options: { estimatedTime: number }): void;
  onTestResult(): void;
}
interface Sequencer {
  time(test: { path: string; context: { config: { rootDir: string } } }): number;
}
const ProgressReporter = jest.requireActual<new () => Reporter>('./progress-reporter.cjs');
const SuiteSequencer = jest.requireActual<(new () => Sequencer) & { SLOW_SUITES: object }>(
  './suite-sequencer.cjs',
);

describe('The progress of a test run', () => {
  const linesOf = (report: (reporter: Reporter) => void): string[] => {
    const write = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
    report(new ProgressReporter());
    const lines = write.mock.calls.map(([text]) => String(text));
    write.mockRestore();
    return lines;
  };

  it.each([
    [75, 171, '75 suites, about 2.9 minutes on two cores.\n'],
    [2, 60, '2 suites, about 60 s on two cores.\n'],
    [1, 0, '1 suite, about 1 s on two cores.\n'],
  ])('begins with the number of suites and the time that they take: %d, %d s', (suites, seconds, line) => {
    expect(
      linesOf((reporter) => reporter.onRunStart({ numTotalTestSuites: suites }, { estimatedTime: seconds })),
    ).toEqual([line]);
  });

  it('continues with a line after each suite', () => {
    const lines = linesOf((reporter) => {
      reporter.onRunStart({ numTotalTestSuites: 2 }, { estimatedTime: 9 });
      reporter.onTestResult();
      reporter.onTestResult();
    });
    expect(lines.slice(1)).toEqual(['1/2 suites, 0 s\n', '2/2 suites, 0 s\n']);
  });

  it('is silent when no suite runs', () => {
    expect(
      linesOf((reporter) => reporter.onRunStart({ numTotalTestSuites: 0 }, { estimatedTime: 0 })),
    ).toEqual([]);
  });
});

describe('The order of the suites', () => {
  const rootDir = join(__dirname, '..', '..');
  const secondsOf = (path: string): number =>
    new SuiteSequencer().time({ path: join(rootDir, path), context: { config: { rootDir } } }) / 1_000;

  it('knows the duration of each slow suite, which is a file', () => {
    const slow = Object.entries(SuiteSequencer.SLOW_SUITES);
    expect(slow.filter(([path]) => !existsSync(join(rootDir, path)))).toEqual([]);
    for (const [path, seconds] of slow) expect(secondsOf(path)).toBe(seconds);
  });

  it('takes an e2e suite for slower than a unit spec', () => {
    expect(secondsOf('test/new.e2e-spec.ts')).toBeGreaterThan(secondsOf('src/new.spec.ts'));
  });
});
