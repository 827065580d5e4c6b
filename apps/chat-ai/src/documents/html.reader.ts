import { Parser } from 'htmlparser2';
import { asPlain } from './markdown';
import { LIMITS } from './read-result';

const UNSEEN = new Set('script style nav form template noscript svg math iframe object select button'.split(' '));
const BLOCKS = new Set(
  'address article aside blockquote body br caption center dd details div dl dt fieldset figcaption figure footer header hr li main ol p pre section summary table tbody tfoot thead title tr ul h1 h2 h3 h4 h5 h6'.split(
    ' ',
  ),
);
const CELLS = new Set(['td', 'th']);
const VOID = new Set('area base br col embed hr img input link meta source track wbr'.split(' '));
/** What people cannot see must not speak to a model either. */
const HIDDEN_STYLE =
  /display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?:[a-z%]*)?\s*(?:;|$)|opacity\s*:\s*0(?:\.0+)?\s*(?:;|$)/i;
/** Nobody writes pages nested so deeply; parsers and stacks suffer from them. */
const DEEPEST = 500;

/** The visible text of a page as Markdown: headings, lists, cells and the addresses of links. */
export function htmlToMarkdown(html: string): string {
  let text = '';
  let title = '';
  let hiddenBelow: number | undefined;
  let inTitle = false;
  let cells = 0;
  const open: { name: string; href: string | undefined }[] = [];
  const breakLine = () => {
    if (!text.endsWith('\n')) text += '\n';
  };
  const parser = new Parser(
    {
      onopentag(name, attributes) {
        if (name === 'title') inTitle = true;
        const isVoid = VOID.has(name);
        if (!isVoid) open.push({ name, href: attributes['href'] });
        if (CELLS.has(name)) cells += 1;
        const isHidden =
          UNSEEN.has(name) ||
          'hidden' in attributes ||
          attributes['aria-hidden'] === 'true' ||
          HIDDEN_STYLE.test(attributes['style'] ?? '') ||
          open.length > DEEPEST;
        if (hiddenBelow === undefined && isHidden && !isVoid) hiddenBelow = open.length;
        if (hiddenBelow !== undefined || text.length > LIMITS.textCharacters) return;
        // In a cell nothing breaks the row.
        const inCell = cells > (CELLS.has(name) ? 1 : 0);
        const level = /^h([1-6])$/.exec(name)?.[1];
        if (inCell && BLOCKS.has(name)) text += /\s$/.test(text) ? '' : ' ';
        else if (level) text = `${text.trimEnd()}\n\n${'#'.repeat(Number(level))} `;
        else if (name === 'p' || name === 'table' || name === 'pre') text = `${text.trimEnd()}\n\n`;
        else if (BLOCKS.has(name)) breakLine();
        if (name === 'li') text += '- ';
        if (CELLS.has(name) && !text.endsWith('\n')) text += ' | ';
      },
      ontext(data) {
        if (inTitle) title += data;
        else if (hiddenBelow === undefined && text.length <= LIMITS.textCharacters) {
          const words = data.replaceAll(/\s+/g, ' ');
          text += /\s$/.test(text) ? words.trimStart() : words;
        }
      },
      onclosetag(name) {
        if (name === 'title') inTitle = false;
        const { href } = open.findLast((tag) => tag.name === name) ?? {};
        if (!VOID.has(name)) open.pop();
        if (CELLS.has(name)) cells -= 1;
        if (hiddenBelow !== undefined) {
          if (open.length < hiddenBelow) hiddenBelow = undefined;
          return;
        }
        if (name === 'a' && href && /^(https?|mailto|tel):/i.test(href)) text += ` (${href})`;
        if (cells > 0) return;
        if (/^h[1-6]$/.test(name)) text = `${text.trimEnd()}\n\n`;
        else if (BLOCKS.has(name)) breakLine();
      },
    },
    { decodeEntities: true },
  );
  parser.end(html);
  const body = text
    .replaceAll(/[ \t]+\n/g, '\n')
    .replaceAll(/\n{3,}/g, '\n\n')
    .trim();
  const heading = title.replaceAll(/\s+/g, ' ').trim();
  return heading && !/^# /m.test(body) ? `# ${asPlain(heading)}\n\n${body}` : body;
}
