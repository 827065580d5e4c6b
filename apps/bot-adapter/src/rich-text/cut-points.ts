/** Where a text may be cut, best first. Each pattern matches right behind the last character that stays. */
const BOUNDARIES = [
  ['block', /\n[^\S\n]*\n/g],
  ['line', /\n/g],
  // Closing quotes and brackets belong to their sentence; ideographic full stops need no space behind them.
  ['sentence', /(?<=[.!?…]["'»”’)\]]{0,3})\s|(?<=[。！？])/g],
  // A combining mark belongs to the space before it, so they stay together.
  ['word', /\s+(?![\s\p{M}\u200d])/gu],
] as const;

export type BoundaryKind = (typeof BOUNDARIES)[number][0];

/** The last acceptable boundary of the best kind at or behind `earliest`, as an offset; undefined when there is none. */
export function lastBoundary(
  window: string,
  earliest: number,
  accepts: (at: number, kind: BoundaryKind) => boolean,
): number | undefined {
  for (const [kind, pattern] of BOUNDARIES) {
    const offsets = [...window.matchAll(pattern)].map(({ index }) => index);
    const found = offsets.findLast((at) => at >= earliest && at > 0 && accepts(at, kind));
    if (found !== undefined) return found;
  }
  return undefined;
}

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** Units behind `start`, at most `longest`, that end between two characters as a reader sees them. */
export function lastGrapheme(text: string, start: number, longest: number): number {
  // The characters behind the limit decide whether the one before it is complete.
  const cluster = graphemes.segment(text.slice(start, start + longest + 64)).containing(longest);
  if (!cluster) return longest;
  if (cluster.index > 0) return cluster.index;
  // One cluster longer than the limit (stacked marks, joined emoji): cut it, but no surrogate pair.
  return splitsPair(text, start + longest) ? longest - 1 : longest;
}

/** At most `max` units of a text, ended between two characters as a reader sees them; `ending` marks what was cut. */
export function shorten(text: string, max: number, ending = ''): string {
  if (text.length <= max) return text;
  return text.slice(0, lastGrapheme(text, 0, max - ending.length)) + ending;
}

/** The first offset at or behind `from` where a character begins. */
export function nextGrapheme(text: string, from: number): number {
  const start = Math.max(0, from - 64);
  const cluster = graphemes.segment(text.slice(start, from + 64)).containing(from - start);
  const boundary = !cluster || start + cluster.index === from ? from : start + cluster.index + cluster.segment.length;
  return splitsPair(text, boundary) ? boundary + 1 : boundary;
}

function splitsPair(text: string, at: number): boolean {
  return /^[\ud800-\udbff][\udc00-\udfff]/.test(text.slice(at - 1, at + 1));
}
