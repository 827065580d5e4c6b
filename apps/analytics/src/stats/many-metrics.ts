/**
 * p-values of many metrics, adjusted so that those up to `q` hold a share of at most `q` false ones on average.
 * Source: Y. Benjamini, Y. Hochberg, 1995; as `p.adjust(p, "BH")` of R.
 */
export function benjaminiHochberg(pValues: readonly number[]): number[] {
  const falling = pValues.map((p, at) => ({ p, at })).toSorted((a, b) => b.p - a.p);
  const adjusted = new Array<number>(pValues.length);
  let least = 1;
  falling.forEach(({ p, at }, i) => {
    least = Math.min(least, (p * pValues.length) / (pValues.length - i));
    adjusted[at] = least;
  });
  return adjusted;
}
