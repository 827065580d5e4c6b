/** Of what Jest hands to a reporter. */
interface SpecResult {
  readonly v8Coverage?: { codeTransformResult?: object | undefined; readonly result: { readonly url: string } }[];
}

/**
 * Keeps a run with coverage small. Each spec brings the source and compiled text of every file it has loaded, Jest keeps them all until
 * the end, gigabytes of them, and reads the first of each file alone. Runs before Jest's own reporter of coverage, as reporters of the
 * configuration do.
 */
export default class LeanCoverage {
  private readonly known = new Set<string>();

  onTestResult(_: unknown, { v8Coverage = [] }: SpecResult): void {
    for (const covered of v8Coverage) {
      if (!covered.codeTransformResult) continue;
      if (this.known.has(covered.result.url)) delete covered.codeTransformResult;
      this.known.add(covered.result.url);
    }
  }
}
