import { until } from '@switchboard/testing';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly id: string;
  /** As it came. */
  readonly text: string;
  readonly body: {
    type: string;
    timestamp: string;
    data: Record<string, unknown>;
    apiVersion: string;
    sequence: number;
  };
}

type Answer = (received: Received, response: ServerResponse) => void;

const taken: Answer = (_, response) => void response.writeHead(204).end();

/** Somebody to whom webhooks are sent: each path is an endpoint of its own. */
export class Receiver {
  readonly all: Received[] = [];
  private readonly answers = new Map<string, Answer>();
  private readonly server = createServer((request, response) => {
    void text(request).then((body) => {
      const received: Received = {
        path: request.url!,
        headers: request.headers,
        id: String(request.headers['webhook-id']),
        text: body,
        body: JSON.parse(body) as Received['body'],
      };
      this.all.push(received);
      (this.answers.get(received.path) ?? taken)(received, response);
    });
  });

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  url(path: string): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}${path}`;
  }

  /** From now on. */
  answer(path: string, answer: Answer | number): void {
    const one =
      typeof answer === 'number'
        ? (_: Received, response: ServerResponse) => void response.writeHead(answer).end('no')
        : answer;
    this.answers.set(path, one);
  }

  at(path: string): Received[] {
    return this.all.filter((received) => received.path === path);
  }

  async until(path: string, count = 1): Promise<Received[]> {
    await until(() => this.at(path).length >= count, { what: `${count} webhooks at ${path}` });
    return this.at(path);
  }
}
