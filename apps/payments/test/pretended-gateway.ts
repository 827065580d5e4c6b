import type { DemandApproval, SendMail } from '@switchboard/contracts';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import type { z } from 'zod';

type Letter = z.output<(typeof SendMail)['body']>;

/** The gateway as payments asks it: whether a second member of staff has agreed, and for mails. */
export class PretendedGateway {
  /** What was asked to be approved, by the ids of the routes. */
  readonly demands: string[] = [];
  readonly mails: Letter[] = [];
  verdict: z.input<(typeof DemandApproval)['answer']>['verdict'] = 'passed';
  mailOutcome: 'sent' | 'refused' | 'not-offered' = 'sent';

  private constructor(private readonly server: Server) {}

  static async start(): Promise<PretendedGateway> {
    const server = createServer();
    const gateway = new PretendedGateway(server);
    server.on('request', (request, response) => {
      // It is also asked for bots, and has none.
      const isKnown = request.method === 'POST' && (request.url === '/approvals/demands' || request.url === '/mails');
      if (!isKnown) return void response.writeHead(404).end();
      void json(request).then((body) => {
        const { status, ...answer } = request.url === '/mails' ? gateway.send(body as Letter) : gateway.demand(body);
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return gateway;
  }

  get directory(): Map<string, string> {
    return new Map([['gateway', `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`]]);
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  private demand(body: unknown) {
    this.demands.push((body as { route: { id: string } }).route.id);
    return { status: 200, verdict: this.verdict, ...(this.verdict === 'unusable' && { state: 'unknown' }) };
  }

  private send(letter: Letter): { status: number } & Record<string, unknown> {
    if (this.mailOutcome === 'not-offered') {
      const code = 'gateway.email_not_offered';
      return { status: 404, type: `/problems/${code}`, title: '', instance: '', code };
    }
    this.mails.push(letter);
    return { status: 200, outcome: this.mailOutcome };
  }
}
