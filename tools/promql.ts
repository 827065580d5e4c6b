/** What Prometheus makes of a histogram. */
const PARTS = /_(bucket|count|sum)$/;

/** Names of the metrics that a query asks for, as services define them. */
export function metricsIn(expr: string): string[] {
  const asked = expr
    .replaceAll(/"[^"]*"|'[^']*'/g, '')
    .replaceAll(/\{[^}]*\}/g, '')
    .replaceAll(/\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g, '')
    .replaceAll(/\$\w+/g, '');
  const names = [...asked.matchAll(/(?<![\w$])[a-z][a-z0-9]*(?:_[a-z0-9]+)+(?!\w|\s*\()/g)].map(([name]) => name);
  return [...new Set(names)];
}

/** The same as families: a histogram once, whichever of its parts are asked for. */
export const familiesIn = (expr: string, histograms: ReadonlySet<string>): string[] => [
  ...new Set(
    metricsIn(expr).map((name) => {
      const family = name.replace(PARTS, '');
      return histograms.has(family) ? family : name;
    }),
  ),
];

/** Values of a label that a query names one by one. */
export const labelValuesIn = (expr: string, label: string): string[] =>
  [...expr.matchAll(new RegExp(`\\b${label}!?="([^"$]*)"`, 'g'))].map(([, value]) => value!);

/** Metrics that the sources define. A histogram has `_bucket`, `_count` and `_sum` besides. */
export function definedMetrics(sources: string): { all: ReadonlySet<string>; histograms: ReadonlySet<string> } {
  const named = [...sources.matchAll(/'([a-z][a-z0-9]*(?:_[a-z0-9]+)+)'/g)].map(([, name]) => name!);
  const histograms = [...sources.matchAll(/new Histogram\(\{\s*name: '(\w+)'/g)].map(([, name]) => name!);
  return { all: new Set(named), histograms: new Set(histograms) };
}
