import { lastBoundary, lastGrapheme } from '../../../rich-text/cut-points';
import { fittingEntities, slice, tidy, withinEntityLimit } from './entity-rules';
import type { FormattedText } from './telegram-entity';
import { isVisible } from '../../../rich-text/text-cleaning';

interface Range {
  start: number;
  end: number;
}

/**
 * Cuts a text into messages of at most `limit` UTF-16 units (Telegram: 4096 for a text, 1024 for a caption) and at most a
 * hundred entities. Cuts fall between blocks, else lines, sentences, words, and inside a word only when nothing else is left;
 * never inside a code block, piece of code or link that fits into one message. Longer code blocks continue as code in the same language.
 * Only white space at the cuts is lost. An invisible text gives no message at all.
 */
export function splitMessage(formatted: FormattedText, limit = 4096): FormattedText[] {
  if (!(limit >= 2)) throw new RangeError(`A message of ${limit} units cannot hold every character`);
  const whole = tidy(formatted);
  const atoms = atomsOf(whole, limit);
  const headings = headingEnds(whole);
  const parts: FormattedText[] = [];
  for (let start = 0; start < whole.text.length;) {
    // Links beyond those that a message can hold would lose their addresses: they go into the next one.
    const longest = Math.min(limit, fittingEntities(whole, start) - start);
    const end =
      whole.text.length - start <= longest ? whole.text.length : cutAfter(whole.text, start, longest, atoms, headings);
    const part = slice(whole, start, end);
    if (isVisible(part.text)) parts.push(withinEntityLimit(part));
    start = skipBlank(whole, end);
  }
  return parts;
}

function cutAfter(text: string, start: number, limit: number, atoms: Range[], headings: Set<number>): number {
  const rest = text.length - start;
  // A last part of a few words looks like an accident, so the part before it leaves some more.
  const longest = Math.min(limit, rest - Math.floor(limit / 8));
  const inWindow = atoms.filter((atom) => atom.end > start && atom.start <= start + limit);
  const enclosing = (cut: number) => inWindow.find((atom) => atom.start < cut && cut < atom.end);
  const boundary = lastBoundary(
    text.slice(start, start + longest + 1),
    Math.ceil(longest / 2),
    (at, kind) => !enclosing(start + at) && !(kind === 'block' && headings.has(start + at)),
  );
  if (boundary !== undefined) return start + boundary;
  const cut = start + lastGrapheme(text, start, longest);
  const atom = enclosing(cut);
  if (!atom) return cut;
  return atom.start > start ? atom.start : atom.end;
}

/** What must stay in one piece: code and links, including bare addresses, unless longer than a whole message. */
function atomsOf({ text, entities }: FormattedText, limit: number): Range[] {
  const marked = entities
    .filter(({ type }) => type === 'pre' || type === 'code' || type === 'text_link')
    .map(({ offset, length }) => ({ start: offset, end: offset + length }));
  const addresses = [...text.matchAll(/https?:\/\/\S+/g)].map(({ index, 0: address }) => ({
    start: index,
    end: index + address.length,
  }));
  const atoms: Range[] = [];
  let reached = 0;
  for (const range of [...marked, ...addresses].sort((a, b) => a.start - b.start || b.end - a.end)) {
    if (range.start < reached) continue;
    reached = range.end;
    if (range.end - range.start <= limit) atoms.push(range);
  }
  return atoms;
}

/** Ends of lines that are bold as a whole: headings, which should not be left behind by the text below them. */
function headingEnds({ text, entities }: FormattedText): Set<number> {
  const ends = new Set<number>();
  for (const { type, offset, length } of entities) {
    const startsLine = offset === 0 || text[offset - 1] === '\n';
    if (type === 'bold' && startsLine && text[offset + length] === '\n') ends.add(offset + length);
  }
  return ends;
}

/** White space at a cut is dropped, except the indentation of a code line, where the next part goes on. */
function skipBlank({ text, entities }: FormattedText, from: number): number {
  const rest = text.slice(from);
  const blank = from + rest.length - rest.trimStart().length;
  const code = entities.find(
    ({ type, offset, length }) => type === 'pre' && offset <= blank && blank < offset + length,
  );
  if (!code) return blank;
  return Math.max(from, code.offset, text.lastIndexOf('\n', blank - 1) + 1);
}
