import { Lexer, Tokenizer, type Token, type Tokens } from 'marked';
import { cleanText } from './text-cleaning';

/** Chat answers rarely nest past four; the cap keeps hostile input from exhausting the stack. */
const MAX_DEPTH = 8;
/** marked pads every row to the header's width, so a wide header over many short rows would multiply. */
const MAX_TABLE_CELLS = 20_000;
/** Far longer than any e-mail address. */
const MAX_RUN = 512;
/** More in one paragraph is data, not links; marked's search for reference links tries a thousand steps for each. */
const MAX_BRACKETS = 500;
/** What a link by reference can lead to. */
const ADDRESS = /^(?:(?:https?|tg):\/\/|mailto:|tel:)/i;

/**
 * GFM without raw HTML (tags stay visible text), plus `\(…\)`, `\[…\]` and `$$` mathematics, which is kept verbatim as code
 * because the emphasis rules would eat its underscores and backslashes.
 *
 * Several of marked's rules look ahead to the end of the paragraph and may find nothing, so a flood of openers costs the
 * square of its length. Such a look is paid from `effort`; once that is spent, the remaining delimiters are plain text.
 */
class ChatTokenizer extends Tokenizer {
  private depth = 0;
  /** How much text is left where an escaped parenthesis begins that is not TeX. */
  private notMathAt = -1;

  constructor(private effort: number) {
    super();
  }

  override html(): undefined {
    return undefined;
  }

  override tag(): undefined {
    return undefined;
  }

  /** A line without `>` ends the quote: models mean it so, and marked parses lazy continuations again and again. */
  override blockquote(src: string): Tokens.Blockquote | undefined {
    if (!/^ {0,3}>/.test(src)) return undefined;
    const end = src.search(/\n(?! {0,3}>)/);
    return this.nested(() => super.blockquote(end < 0 ? src : src.slice(0, end + 1)));
  }

  override list(src: string): Tokens.List | undefined {
    return this.nested(() => super.list(src));
  }

  override fences(src: string): Tokens.Code | undefined {
    return super.fences(src) ?? this.blockMath(src);
  }

  /** `[Note]: important` is a sentence, not a reference, unless what follows can be linked to. */
  override def(src: string): Tokens.Def | undefined {
    const token = super.def(src);
    return token && ADDRESS.test(token.href) ? token : undefined;
  }

  override table(src: string): Tokens.Table | undefined {
    // Looking at the delimiter row first spares marked a match of everything that follows each "a\n-" heading.
    const [header = '', delimiters = ''] = src.split('\n', 2);
    if (!/^[ \t|:-]*[|:][ \t|:-]*$/.test(delimiters)) return undefined;
    return this.bounded(src, () => {
      const rows = src.split(/\n[ \t]*\n/, 1)[0]!.split('\n').length;
      return header.split('|').length * rows > MAX_TABLE_CELLS ? undefined : this.wholeTable(src);
    });
  }

  override paragraph(src: string): Tokens.Paragraph | undefined {
    const raw = src.slice(0, this.endOfParagraph(src));
    const text = raw.trimEnd();
    return text ? { type: 'paragraph', raw, text, tokens: this.lexer.inline(text) } : undefined;
  }

  override emStrong(src: string, maskedSrc: string, prevChar?: string): Tokens.Em | Tokens.Strong | undefined {
    if (!/^[*_]/.test(src) || isBetweenOperands(src, prevChar)) return undefined;
    return this.bounded(src, () => this.nested(() => super.emStrong(src, maskedSrc, prevChar)));
  }

  override del(src: string, maskedSrc: string, prevChar?: string): Tokens.Del | undefined {
    // GFM takes a single one as well, but "10~20 and 30~40" are ranges.
    if (!src.startsWith('~~')) return undefined;
    return this.bounded(src, () => this.nested(() => super.del(src, maskedSrc, prevChar)));
  }

  override link(src: string): Tokens.Link | Tokens.Image | undefined {
    if (!/^!?\[/.test(src)) return undefined;
    return this.bounded(src, () => this.nested(() => super.link(src)));
  }

  override escape(src: string): Tokens.Escape | undefined {
    return this.inlineMath(src) ? undefined : super.escape(src);
  }

  override codespan(src: string): Tokens.Codespan | undefined {
    if (src.startsWith('`')) return this.bounded(src, () => super.codespan(src));
    return this.inlineMath(src);
  }

  override inlineText(src: string): Tokens.Text | undefined {
    // marked looks for an e-mail address behind every position of an unbroken run, so it gets to see only so much of it.
    // Adjacent texts are joined again; a space keeps words and addresses whole.
    if (src.length <= MAX_RUN) return super.inlineText(src);
    const space = src.lastIndexOf(' ', MAX_RUN);
    return super.inlineText(src.slice(0, space > 0 ? space : MAX_RUN));
  }

  /** Displayed mathematics often follows its lead-in without a blank line. */
  private endOfParagraph(src: string): number {
    // The rule tries a table at every line, and a flood of broken ones has cost us all the effort we had.
    const rule = this.effort > 0 ? this.rules.block.paragraph : /^[^\n]+(?:\n(?![ \t]*\n)[^\n]+)*/;
    const paragraph = rule.exec(src)?.[0] ?? '';
    const math = /\n(?= {0,3}(?:\$\$|\\\[))/.exec(paragraph);
    return math && this.blockMath(src.slice(math.index + 1)) ? math.index + 1 : paragraph.length;
  }

  private inlineMath(src: string): Tokens.Codespan | undefined {
    const close = src.startsWith('\\(') ? '\\)' : src.startsWith('\\[') ? '\\]' : undefined;
    if (!close || src.length === this.notMathAt) return undefined;
    return this.bounded(src, () => {
      const end = src.indexOf(close, 2);
      const text = src.slice(2, end).trim();
      if (end < 0 || !text) return undefined;
      // "\[a\]" within a line is an escaped bracket, unless there is TeX in it; "\[a\]\(b\)" an escaped link.
      if (close === '\\]' && !/[\\^_{}=+]/.test(text)) {
        if (src.startsWith('\\(', end + 2)) this.notMathAt = src.length - end - 2;
        return undefined;
      }
      return { type: 'codespan', raw: src.slice(0, end + 2), text };
    });
  }

  private blockMath(src: string): Tokens.Code | undefined {
    const open = /^ {0,3}(\$\$|\\\[)/.exec(src);
    if (!open) return undefined;
    return this.bounded(src, () => {
      const close = open[1] === '$$' ? '$$' : '\\]';
      const end = src.indexOf(close, open[0].length);
      const text = src.slice(open[0].length, end).trim();
      const lineEnd = /^[ \t]*(?:\n|$)/.exec(src.slice(end + 2));
      if (end < 0 || !lineEnd || !text || /\n[ \t]*\n/.test(text)) return undefined;
      return { type: 'code', raw: src.slice(0, end + 2) + lineEnd[0], lang: 'latex', text };
    });
  }

  /** marked drops the cells of a row that has more of them than the header. */
  private wholeTable(src: string): Tokens.Table | undefined {
    const token = super.table(src);
    const lines = token?.raw.trimEnd().split('\n') ?? [];
    const missing = Math.max(...lines.slice(2).map(cellsIn)) - (token?.header.length ?? 0);
    if (!token || !(missing > 0)) return token;
    if (lines.length * (token.header.length + missing) > MAX_TABLE_CELLS) return undefined;
    const [header = '', delimiters = '', ...rows] = lines;
    const widened = [
      `|${withoutOuterPipes(header)}|${' |'.repeat(missing)}`,
      `|${withoutOuterPipes(delimiters)}|${'-|'.repeat(missing)}`,
      ...rows,
    ];
    const whole = super.table(widened.join('\n'));
    return whole && { ...whole, raw: token.raw };
  }

  private nested<T>(rule: () => T | undefined): T | undefined {
    if (this.depth >= MAX_DEPTH) return undefined;
    this.depth++;
    try {
      return rule();
    } finally {
      this.depth--;
    }
  }

  private bounded<T extends { raw: string }>(src: string, rule: () => T | undefined): T | undefined {
    if (this.effort <= 0) return undefined;
    const token = rule();
    this.effort -= token ? token.raw.length : src.length;
    return token;
  }
}

const withoutOuterPipes = (row: string) =>
  row
    .trim()
    .replace(/^\|/, '')
    .replace(/(?<!\\)\|$/, '');
const cellsIn = (row: string) => withoutOuterPipes(row).split(/(?<!\\)\|/).length;

/** A star between two letters or digits multiplies. Scripts that put no space between words need it for emphasis. */
function isBetweenOperands(src: string, before = ''): boolean {
  const after = /^\*+(.)/u.exec(src)?.[1] ?? '';
  const operand = /[\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}\p{N}()]/u;
  return operand.test(before) && before !== '(' && operand.test(after) && after !== ')';
}

class ChatLexer extends Lexer {
  override inlineTokens(src: string, tokens: Token[] = []): Token[] {
    if (src.split('[', MAX_BRACKETS + 2).length <= MAX_BRACKETS + 1) return super.inlineTokens(src, tokens);
    tokens.push({ type: 'text', raw: src, text: src });
    return tokens;
  }
}

/** Markdown as marked's token tree; never throws, in time proportional to the input. */
export function lexMarkdown(markdown: string): Token[] {
  const source = cleanText(markdown);
  // Measured: an effort of one million costs about 0.1 s, and honest answers of 200 kB stay below their own length.
  return new ChatLexer({ gfm: true, tokenizer: new ChatTokenizer(200_000 + 4 * source.length) }).lex(source);
}
