import { createHmac } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

export const APP_SECRET = 'the secret of the pigeons';
export const ACCOUNTS = { one: 'account-1', two: 'account-2' } as const;

interface Sent {
  to: string;
  text: string;
}

/** The other end of the pigeon channel. */
export class PigeonServer {
  readonly sent: Sent[] = [];
  /** Answers in place of the usual one, in their order. */
  readonly faults: ({ status: number; body?: object; delivers?: boolean } | 'blocked')[] = [];
  private nextId = 0;

  private constructor(private readonly server: Server) {}

  static async start(): Promise<PigeonServer> {
    const server = createServer();
    const pigeons = new PigeonServer(server);
    server.on('request', (request, response) => {
      if (request.method === 'GET') {
        response.statusCode = request.url!.startsWith('/token-') ? 200 : 401;
        return void response.end();
      }
      void json(request).then((body) => {
        const { to, text } = body as Sent;
        const fault = pigeons.faults.shift();
        const outcome =
          fault === 'blocked'
            ? { status: 400, body: { error: 'blocked' } }
            : (fault ?? { status: 200, delivers: true });
        if (outcome.delivers) pigeons.sent.push({ to, text });
        const tooLong = Buffer.byteLength(text) > 1000;
        response.statusCode = tooLong ? 400 : outcome.status;
        response.end(
          JSON.stringify(tooLong ? { error: 'too long' } : (outcome.body ?? { id: `m${(pigeons.nextId += 1)}` })),
        );
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return pigeons;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  update(from: { id: string; name: string }, content: object) {
    return { id: `u${(this.nextId += 1)}`, from, at: 1_790_000_000_000, ...content };
  }

  /** Brings a body to the webhook of the service. */
  bring(serviceUrl: string, body: unknown, secret = APP_SECRET): Promise<Response> {
    const text = JSON.stringify(body);
    return fetch(`${serviceUrl}/webhooks/pigeon/_`, {
      method: 'POST',
      body: text,
      headers: {
        'content-type': 'application/json',
        'x-signature': createHmac('sha256', secret).update(text).digest('hex'),
      },
    });
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}
