import type { ServiceDirectory } from '@switchboard/service-kit';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Stands where a service answers, and says what it was asked. */
export class Upstream {
  readonly asked: IncomingMessage[] = [];
  /** How it answers; by default with what it was asked. */
  answer: (request: IncomingMessage, response: ServerResponse) => void = (request, response) => {
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ url: request.url }));
  };
  private readonly server: Server;

  private constructor() {
    const listener: RequestListener = (request, response) => {
      this.asked.push(request);
      this.answer(request, response);
    };
    this.server = createServer(listener);
  }

  static async start(): Promise<Upstream> {
    const upstream = new Upstream();
    await new Promise<void>((resolve) => upstream.server.listen(0, '127.0.0.1', resolve));
    return upstream;
  }

  get directory(): ServiceDirectory {
    const { port } = this.server.address() as AddressInfo;
    return new Map([['chat-ai', `http://127.0.0.1:${port}`]]);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
