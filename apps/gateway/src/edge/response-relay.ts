import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { Dispatcher } from 'undici';

/** Until there is a connection for a request; a service that has none free for so long is as good as away. */
const CONNECTION_WITHIN_MS = 5000;
/** Until who asked has read what is sent already. */
const READ_WITHIN_MS = 60_000;

const NOT_SENT_BACK = new Set(['connection', 'keep-alive', 'transfer-encoding', 'x-request-id', 'date', 'set-cookie']);

/** No connection has come free; nothing was sent. */
export class NoConnection extends Error {
  override readonly name = 'NoConnection';
}

/**
 * Writes the answer of a service on as it comes, no faster than it is read. There is no stream between the two: for short answers
 * those cost more than everything else a request does.
 */
export class ResponseRelay implements Dispatcher.DispatchHandler {
  private controller: Dispatcher.DispatchController | undefined;
  private isOver = false;
  private readonly timeLimits: { connection?: NodeJS.Timeout; reading?: NodeJS.Timeout } = {};
  private resolve!: () => void;
  private reject!: (error: Error) => void;

  /** @param begun called when an answer has begun */
  constructor(
    private readonly response: ServerResponse,
    private readonly begun: () => void,
  ) {}

  /**
   * Resolves when the answer is through, or who asked has left.
   * @param dispatch sends the request with this as its handler
   * @throws NoConnection, or what undici says of the connection
   */
  async relay(dispatch: () => void): Promise<void> {
    const leave = () => this.abandon(() => this.resolve());
    this.response.once('close', leave);
    try {
      await new Promise<void>((resolve, reject) => {
        this.resolve = resolve;
        this.reject = reject;
        this.timeLimits.connection = setTimeout(
          () => this.abandon(() => reject(new NoConnection('no connection came free in time'))),
          CONNECTION_WITHIN_MS,
        );
        dispatch();
      });
    } finally {
      this.response.off('close', leave);
      clearTimeout(this.timeLimits.connection);
      clearTimeout(this.timeLimits.reading);
    }
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    clearTimeout(this.timeLimits.connection);
    this.controller = controller;
    if (this.isOver) controller.abort(ABANDONED);
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    // 103 Early Hints and the like come before it.
    if (status < 200 || this.isOver) return;
    this.begun();
    for (const name in headers) if (!NOT_SENT_BACK.has(name)) this.response.setHeader(name, headers[name]!);
    this.response.writeHead(status);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.isOver || this.response.write(chunk)) return;
    controller.pause();
    // undici's own time limits rest while it is paused.
    this.timeLimits.reading = setTimeout(() => this.response.destroy(), READ_WITHIN_MS);
    this.response.once('drain', () => {
      clearTimeout(this.timeLimits.reading);
      controller.resume();
    });
  }

  onResponseEnd(): void {
    this.response.end();
    this.resolve();
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.reject(error);
  }

  /** Says how it ended before the connection does, which is told of an abort as of a failure. */
  private abandon(settle: () => void): void {
    this.isOver = true;
    settle();
    this.controller?.abort(ABANDONED);
  }
}

const ABANDONED = new Error('nobody waits for the answer');
