import { badRequest } from './api-error';
import type { Entity, FormattedText } from './wire';

const RESERVED = '_*[]()~`>#+-=|{}.!';

/** The names by which the server's complaints call its entities. */
const SPOKEN: Record<string, string> = {
  bold: 'Bold',
  italic: 'Italic',
  underline: 'Underline',
  strikethrough: 'Strikethrough',
  spoiler: 'Spoiler',
  code: 'Code',
  pre: 'Pre',
  text_link: 'TextUrl',
  custom_emoji: 'CustomEmoji',
  blockquote: 'BlockQuote',
};

/** Longest first: `__` is underline and never two italics. */
const TOKENS = ['```', '__', '||', '![', '_', '*', '~', '`', '['];

const OPENS: Record<string, string> = {
  '```': 'pre',
  __: 'underline',
  '||': 'spoiler',
  '![': 'custom_emoji',
  _: 'italic',
  '*': 'bold',
  '~': 'strikethrough',
  '`': 'code',
  '[': 'text_link',
};

const CLOSES: Record<string, string> = {
  pre: '```',
  underline: '__',
  spoiler: '||',
  custom_emoji: ']',
  italic: '_',
  bold: '*',
  strikethrough: '~',
  code: '`',
  text_link: ']',
};

interface Open {
  type: string;
  offset: number;
  /** Where in the source it began. */
  begin: number;
  language?: string;
}

/** parse_mode=MarkdownV2. Throws Telegram's own complaint, with the position in bytes of UTF-8. */
export function parseMarkdownV2(source: string): FormattedText {
  return new Parser(source).parse();
}

class Parser {
  private readonly entities: Entity[] = [];
  private readonly open: Open[] = [];
  private text = '';
  private at = 0;
  private lineStart = true;

  constructor(private readonly source: string) {}

  parse(): FormattedText {
    while (this.at < this.source.length) this.step();
    if (this.open.at(-1)?.type === 'blockquote') this.close('blockquote');
    const unclosed = this.open.at(-1);
    if (unclosed) {
      throw this.complain(`Can't find end of ${SPOKEN[unclosed.type]} entity`, unclosed.begin);
    }
    return { text: this.text, entities: this.entities };
  }

  private step(): void {
    const { source, at } = this;
    const char = source[at]!;
    const inside = this.open.at(-1)?.type;
    const escaped = source.charCodeAt(at + 1);
    if (char === '\\' && escaped > 0 && escaped <= 126) return this.copy(2, source[at + 1]!);
    if (inside && CLOSES[inside] && this.closesHere(CLOSES[inside])) return this.closeInline(inside);
    if (inside === 'code' || inside === 'pre') {
      if (char === '`') throw this.reserved(char);
      return this.copy(1, char);
    }
    if (char === '\n') return this.newLine(inside);
    if (char === '>' && this.lineStart) return this.quoteMark();
    if (inside === 'blockquote' && /^\|\|(\n|$)/.test(source.slice(at))) {
      this.at += 2;
      return this.close('expandable_blockquote');
    }
    const token = TOKENS.find((candidate) => source.startsWith(candidate, at));
    if (token) return this.begin(token);
    if (RESERVED.includes(char)) throw this.reserved(char);
    this.copy(1, char);
  }

  private copy(consumed: number, produced: string): void {
    this.text += produced;
    this.at += consumed;
    this.lineStart = false;
  }

  /** A single `_` must not be taken for half of a `__`. */
  private closesHere(mark: string): boolean {
    return this.source.startsWith(mark, this.at) && !(mark === '_' && this.source[this.at + 1] === '_');
  }

  private newLine(inside: string | undefined): void {
    if (inside === 'blockquote' && this.source[this.at + 1] !== '>') this.close('blockquote');
    this.text += '\n';
    this.at += 1;
    this.lineStart = true;
  }

  private quoteMark(): void {
    const quoted = this.open.some(({ type }) => type === 'blockquote');
    if (!quoted) this.open.push({ type: 'blockquote', offset: this.text.length, begin: this.at });
    this.at += 1;
    this.lineStart = false;
  }

  private begin(token: string): void {
    const opened: Open = { type: OPENS[token]!, offset: this.text.length, begin: this.at };
    this.at += token.length;
    this.lineStart = false;
    if (token === '```') {
      const language = /^[^\s`]+(?=\s)/.exec(this.source.slice(this.at))?.[0];
      if (language) opened.language = language;
      this.at += language?.length ?? 0;
      if (this.source[this.at] === '\n') this.at += 1;
    }
    this.open.push(opened);
  }

  private closeInline(type: string): void {
    this.at += CLOSES[type]!.length;
    if (type !== 'text_link' && type !== 'custom_emoji') return this.close(type);
    const url = this.address(this.open.at(-1)!);
    const emoji = /^tg:\/\/emoji\?id=(\d+)$/.exec(url)?.[1];
    if (type === 'custom_emoji' && !emoji) throw this.complain('Custom emoji entity must contain a tg://emoji URL');
    this.close(type, emoji ? { custom_emoji_id: emoji } : { url });
  }

  /** `(…)` behind a link's text; without it the text itself is the address. */
  private address(link: Open): string {
    if (this.source[this.at] !== '(') return this.text.slice(link.offset);
    const begin = this.at;
    const inside = /^\(((?:\\[\x01-\x7e]|[^\\)]|\\)*)\)/.exec(this.source.slice(begin));
    if (!inside) throw this.complain("Can't find end of a URL", begin);
    this.at += inside[0].length;
    return inside[1]!.replace(/\\([\x01-\x7e])/g, '$1');
  }

  private close(type: string, extra: Partial<Entity> = {}): void {
    const { offset, language } = this.open.pop()!;
    const length = this.text.length - offset;
    if (length > 0) this.entities.push({ type, offset, length, ...(language && { language }), ...extra });
    this.lineStart = false;
  }

  private reserved(char: string) {
    return badRequest(
      `can't parse entities: Character '${char}' is reserved and must be escaped with the preceding '\\'`,
    );
  }

  private complain(reason: string, index = this.at) {
    const offset = Buffer.byteLength(this.source.slice(0, index));
    return badRequest(`can't parse entities: ${reason} at byte offset ${offset}`);
  }
}
