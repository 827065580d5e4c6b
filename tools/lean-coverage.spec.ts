import LeanCoverage from './lean-coverage.mts';

const covered = (url: string, code: string | undefined) => ({ codeTransformResult: code && { code }, result: { url } });

it('keeps the first text of each file, and everything that was covered', () => {
  const reporter = new LeanCoverage();
  const runs = [
    [covered('a.ts', undefined), covered('b.ts', 'B')],
    [covered('a.ts', 'A'), covered('b.ts', 'B')],
    [covered('a.ts', 'A'), covered('c.ts', 'C')],
  ] as Parameters<LeanCoverage['onTestResult']>[1]['v8Coverage'][];
  for (const v8Coverage of runs) reporter.onTestResult({}, { ...(v8Coverage && { v8Coverage }) });
  const texts = runs.map((run) => run!.map(({ codeTransformResult: text, result: { url } }) => [url, text]));
  expect(texts).toEqual([
    [
      ['a.ts', undefined],
      ['b.ts', { code: 'B' }],
    ],
    [
      ['a.ts', { code: 'A' }],
      ['b.ts', undefined],
    ],
    [
      ['a.ts', undefined],
      ['c.ts', { code: 'C' }],
    ],
  ]);
});

it('is content with a spec that covered nothing', () => {
  expect(() => new LeanCoverage().onTestResult({}, {})).not.toThrow();
});
