import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

export const APP_SECRET = 'the secret of the pigeons';
export const ACCOUNTS = { one: 'account-1', two: 'account-2' } as const;
/** Whoever has the one may write in the name of the other. */
const ACCOUNT_OF: Readonly<Record<string, string>> = { 'token-1': ACCOUNTS.one, 'token-2': ACCOUNTS.two };

interface Sent {
  readonly id: string;
  readonly to: string;
  readonly text: string;
  readonly replies?: readonly { readonly title: string; readonly payload: string }[];
}

type Asked = Omit<Sent, 'id'> & { readonly read?: string };

/** The other end of the pigeon channel. */
export class PigeonServer {
  readonly sent: Sent[] = [];
  /** Ids of messages of people that were marked as read. */
  readonly read: string[] = [];
  readonly files = new Map<string, Buffer>();
  /** Answers in place of the usual one, in their order. */
  readonly faults: ({ status: number; body?: object; delivers?: boolean } | 'blocked' | 'disconnected')[] = [];
  /** To which whatever is sent comes back, before the call that sent it is answered. */
  echoesTo: string | undefined;
  private nextId = 0;

  private constructor(private readonly server: Server) {}

  static async start(): Promise<PigeonServer> {
    const server = createServer();
    const pigeons = new PigeonServer(server);
    server.on('request', (request, response) => {
      const [, token = '', what, id = ''] = request.url!.split('/');
      if (what === 'files')
        return void response.writeHead(pigeons.files.has(id) ? 200 : 404).end(pigeons.files.get(id));
      if (request.method === 'GET') return void response.writeHead(token.startsWith('token-') ? 200 : 401).end();
      void pigeons.take(token, request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return pigeons;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  update(from: { id: string; name: string }, content: object) {
    return { id: `u${(this.nextId += 1)}`, from, at: Date.now(), ...content };
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

  private async take(token: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { read, ...message } = (await json(request)) as Asked;
    const answer = (status: number, body: object) => void response.writeHead(status).end(JSON.stringify(body));
    if (read) {
      this.read.push(read);
      return answer(200, {});
    }
    if (Buffer.byteLength(message.text) > 1000) return answer(400, { error: 'too long' });
    const fault = this.faults.shift();
    if (typeof fault === 'string') return answer(400, { error: fault });
    const id = `m${(this.nextId += 1)}`;
    if (!fault || fault.delivers) {
      this.sent.push({ id, ...message });
      await this.echo(token, { id, ...message });
    }
    return answer(fault?.status ?? 200, fault?.body ?? { id });
  }

  private async echo(token: string, { id, to, text }: Sent): Promise<void> {
    const account = ACCOUNT_OF[token];
    if (!this.echoesTo || !account) return;
    const update = this.update({ id: to, name: 'Emma' }, { echo: { id, text, author: 'unknown' } });
    // A service that is being stopped takes none any more.
    await this.bring(this.echoesTo, { entry: [{ account, updates: [update] }] }).catch(() => undefined);
  }
}
