import type { DemandApproval, SendMail, SendMailToPerson } from '@switchboard/contracts';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import type { z } from 'zod';

type Letter = z.output<(typeof SendMail)['body']>;
type PersonLetters = z.output<(typeof SendMailToPerson)['body']> & { userId: string };

const TO_PERSON = /^\/mails\/people\/([0-9a-f-]{36})$/;

/** The gateway as payments asks it: whether a second member of staff has agreed, and for mails. */
export class PretendedGateway {
  /** What was asked to be approved, by the ids of the routes. */
  readonly demands: string[] = [];
  readonly mails: Letter[] = [];
  /** What it was asked to send to whom it knows. */
  readonly toPeople: PersonLetters[] = [];
  verdict: z.input<(typeof DemandApproval)['answer']>['verdict'] = 'passed';
  mailOutcome: 'sent' | 'refused' | 'unknown' | 'not-offered' = 'sent';

  private constructor(private readonly server: Server) {}

  static async start(): Promise<PretendedGateway> {
    const server = createServer();
    const gateway = new PretendedGateway(server);
    server.on('request', (request, response) => {
      // It is also asked for bots, and has none.
      const { method, url = '' } = request;
      const [, userId] = TO_PERSON.exec(url) ?? [];
      const isKnown = url === '/approvals/demands' || url === '/mails' || userId !== undefined;
      if (method !== 'POST' || !isKnown) return void response.writeHead(404).end();
      void json(request).then((body) => {
        const { status, ...answer } = url === '/approvals/demands' ? gateway.demand(body) : gateway.send(body, userId);
        response
          .writeHead(status, { 'content-type': 'application/json' })
          .end(JSON.stringify(status === 200 ? answer : { status, ...answer }));
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

  private send(body: unknown, userId?: string): { status: number } & Record<string, unknown> {
    if (userId !== undefined) this.toPeople.push({ ...(body as PersonLetters), userId });
    if (this.mailOutcome === 'not-offered') {
      const code = 'gateway.email_not_offered';
      return { status: 404, type: `/problems/${code}`, title: code, instance: '/', code };
    }
    if (userId === undefined) this.mails.push(body as Letter);
    return { status: 200, outcome: this.mailOutcome };
  }
}
