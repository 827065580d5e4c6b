import { nextGrapheme } from '../../../rich-text/cut-points';
import { slice, withinEntityLimit } from './entity-rules';
import { parseMarkdown } from '../../../rich-text/parse-markdown';
import { renderEntities } from './render-entities';
import type { FormattedText } from './telegram-entity';
import { completed, openFence } from '../../../rich-text/unfinished-markdown';

/** A text beyond the limit begins with this. */
const ELLIPSIS = '…\n';

/**
 * What to show of an answer while it is still being written: unfinished marks are closed, and of a text beyond `limit` UTF-16
 * units only the end is shown. Formats at most four limits of Markdown however long the answer has grown, so it may be called
 * for each update. The text is empty as long as there is nothing to show.
 */
export function previewOf(markdownSoFar: string, limit = 4096): FormattedText {
  const tail = tailOf(markdownSoFar, limit * 4);
  const formatted = renderEntities(parseMarkdown(completed(tail)));
  if (tail === markdownSoFar && formatted.text.length <= limit) return withinEntityLimit(formatted);
  const { text, entities } = withinEntityLimit(lastOf(formatted, limit - ELLIPSIS.length));
  return {
    text: (ELLIPSIS + text).trimEnd(),
    entities: entities.map((entity) => ({ ...entity, offset: entity.offset + ELLIPSIS.length })),
  };
}

/** The last Markdown of about `length` units, from the beginning of a block if possible, and inside its code fence if cut there. */
function tailOf(markdown: string, length: number): string {
  if (markdown.length <= length) return markdown;
  const earliest = markdown.length - length;
  const fence = openFence(markdown.slice(0, earliest));
  const block = fence ? -1 : markdown.indexOf('\n\n', earliest);
  const line = markdown.indexOf('\n', earliest);
  const start = block >= 0 ? block + 2 : line >= 0 ? line + 1 : earliest;
  return fence ? `${fence}\n${markdown.slice(start)}` : markdown.slice(start).trimStart();
}

function lastOf(formatted: FormattedText, length: number): FormattedText {
  const { text } = formatted;
  const earliest = text.length - length;
  if (earliest <= 0) return formatted;
  const near = text.slice(earliest, earliest + Math.floor(length / 4));
  const gap = [near.indexOf('\n'), near.search(/\s/)].find((at) => at >= 0);
  return slice(formatted, gap === undefined ? nextGrapheme(text, earliest) : earliest + gap, text.length);
}
