import type { Response } from 'express';
import type { Quirk } from './misbehave';
import { ClientGone, pause } from './pause';

/** Server-sent events as OpenAI sends them: `data:` lines only, apart from the quirks that were ordered. */
export class EventStream {
  private readonly lineEnd: string;

  constructor(
    private readonly res: Response,
    private readonly quirks: ReadonlySet<Quirk>,
  ) {
    this.lineEnd = quirks.has('crlf') ? '\r\n' : '\n';
  }

  async data(payload: object | '[DONE]'): Promise<void> {
    this.open();
    if (this.quirks.has('comments')) await this.write(`: OPENROUTER PROCESSING${this.lineEnd}${this.lineEnd}`);
    const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
    await this.write(`data: ${text}${this.lineEnd}${this.lineEnd}`);
  }

  end(): void {
    this.open();
    this.res.end();
  }

  /** Headers leave with the first event, so that a failure before it can still be a status. */
  private open(): void {
    if (this.res.headersSent) return;
    this.res.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' });
  }

  private async write(text: string): Promise<void> {
    const bytes = Buffer.from(text);
    const inside = this.quirks.has('split-utf8') ? bytes.findIndex(isContinuation) : -1;
    if (inside < 0) return this.flush(bytes);
    await this.flush(bytes.subarray(0, inside));
    // Without a moment in between, both halves would arrive in one packet.
    await pause(this.res, 2);
    await this.flush(bytes.subarray(inside));
  }

  private async flush(bytes: Buffer): Promise<void> {
    const failed = await new Promise<Error | null | undefined>((done) => this.res.write(bytes, done));
    if (failed) throw new ClientGone();
  }
}

/** A byte in the middle of a UTF-8 character. */
const isContinuation = (byte: number) => (byte & 0xc0) === 0x80;
