import { tidy } from './entity-rules';
import type { FormattedText, Mark, MarkType, TelegramEntity } from './telegram-entity';

const QUOTES: MarkType[] = ['blockquote', 'expandable_blockquote'];

/**
 * Collects text and marks in reading order and keeps Telegram's nesting rules while doing so: `code` and `pre` hold nothing
 * and lie only inside quotes, so bold and its kin are cut around them; a link holds no code and no link; a quote holds no
 * quote; nothing holds itself.
 */
export class EntityWriter {
  text = '';
  private readonly entities: TelegramEntity[] = [];
  private readonly open: MarkType[] = [];
  private readonly verbatim: { start: number; end: number }[] = [];
  private indent = '';
  private pendingBreak = '';

  /** Line breaks inside the text keep the indentation. */
  write(text: string): void {
    if (this.pendingBreak) this.text += this.takeBreak() + this.indent;
    this.text += this.indent ? text.replaceAll('\n', '\n' + this.indent) : text;
  }

  /** What follows starts on a new line, after `blank` empty ones. Nothing to break at the very beginning. */
  breakLine(blank = 0): void {
    if (this.text) this.pendingBreak = '\n'.repeat(blank + 1);
  }

  indented(by: string, body: () => void): void {
    const outer = this.indent;
    this.indent += by;
    body();
    this.indent = outer;
  }

  /** A code block. Its lines begin at the margin even inside a list: Telegram draws it as a box of its own. */
  preformatted(code: string, language?: string): void {
    this.text += this.text && (this.takeBreak() || '\n');
    const start = this.text.length;
    this.text += code;
    this.verbatim.push({ start, end: this.text.length });
    this.entities.push({ type: 'pre', offset: start, length: code.length, ...(language && { language }) });
  }

  code(code: string): void {
    if (this.open.includes('text_link')) return this.write(code);
    const start = this.text.length;
    this.write(code);
    this.verbatim.push({ start, end: this.text.length });
    this.add({ type: 'code' }, start, this.text.length);
  }

  marked(mark: Mark, body: () => void): void {
    if (this.holds(mark.type)) return body();
    const start = this.text.length;
    this.open.push(mark.type);
    body();
    this.open.pop();
    if (mark.type === 'text_link' || QUOTES.includes(mark.type)) this.add(mark, start, this.text.length);
    else this.addAroundCode(mark, start);
  }

  finish(): FormattedText {
    return tidy({ text: this.text, entities: this.entities });
  }

  private takeBreak(): string {
    const pending = this.pendingBreak;
    this.pendingBreak = '';
    return pending;
  }

  private holds(type: MarkType): boolean {
    return QUOTES.includes(type) ? QUOTES.some((quote) => this.open.includes(quote)) : this.open.includes(type);
  }

  private addAroundCode(mark: Mark, start: number): void {
    const first = this.verbatim.findLastIndex((range) => range.end <= start) + 1;
    let from = start;
    for (const range of this.verbatim.slice(first)) {
      this.add(mark, from, range.start);
      from = range.end;
    }
    this.add(mark, from, this.text.length);
  }

  private add(mark: Mark, start: number, end: number): void {
    if (end > start) this.entities.push({ ...mark, offset: start, length: end - start });
  }
}
