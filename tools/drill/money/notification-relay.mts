import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../service/random.mts';

/** What becomes of what a provider tells, each with its weight. */
const FATES = { delivered: 40, fiveTimes: 20, late: 20, lost: 20 } as const;
export type Fate = keyof typeof FATES;

const FATE_LIST = (Object.keys(FATES) as Fate[]).flatMap((fate) => Array<Fate>(FATES[fate]).fill(fate));
const LATEST_MS = 5000;
const TIMEOUT_MS = 10_000;
/** Nobody signs what YooKassa tells: it may be made up, and is asked for. */
const UNSIGNED = 'yookassa';
/** Nothing but a notification tells of money that a provider's own staff gave back. */
const OF_REFUND = /"refund\.succeeded"|charge\.refunded|"refund\.updated"|OperationType=Refund|"kind":\s*"Refund"/;
const OF_THE_WAY = ['host', 'connection', 'content-length', 'transfer-encoding', 'accept-encoding'];

interface Told {
  readonly provider: string;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

/** The network between providers and the service: it loses, repeats, delays and reorders what is told, and lets strangers in. */
export class NotificationRelay {
  readonly fates: Record<Fate, number> = { delivered: 0, fiveTimes: 0, late: 0, lost: 0 };
  /** Told by somebody who is not the provider, and how many of these were believed. */
  forged = 0;
  forgedTaken = 0;
  private readonly server = createServer((request, response) => void this.relay(request, response));
  private readonly under = new Set<Promise<unknown>>();
  private readonly random: Random;
  private readonly botId: string;
  private readonly addressOf: () => string | undefined;

  /** @param addressOf where a process that takes them answers now */
  constructor(random: Random, botId: string, addressOf: () => string | undefined) {
    this.random = random;
    this.botId = botId;
    this.addressOf = addressOf;
  }

  async listen(): Promise<void> {
    await new Promise<void>((done) => this.server.listen(0, '127.0.0.1', done));
  }

  /** Where a provider shall tell. */
  urlOf(provider: string): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/${provider}`;
  }

  /** Everything that is late has come. */
  async idle(): Promise<void> {
    while (this.under.size > 0) await Promise.all(this.under);
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }

  private async relay(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const told = { provider: request.url!.slice(1), headers: headersOf(request), body: await buffer(request) };
    const isOfRefund = OF_REFUND.test(told.body.toString('utf8'));
    const dealt = this.random.pick(FATE_LIST);
    const fate = dealt === 'lost' && isOfRefund ? 'late' : dealt;
    this.fates[fate] += 1;
    if (told.provider !== UNSIGNED && this.random.chance(0.2)) this.later(() => this.forge(told));
    // Whoever has carried it off says that it was taken.
    const accepted = () => void response.writeHead(200, { 'content-type': 'application/json' }).end('{"code":0}');
    if (fate === 'lost') return accepted();
    if (fate === 'late') {
      this.later(async () => {
        await sleep(this.random.int(200, LATEST_MS));
        await this.untilTaken(told);
      });
      return accepted();
    }
    if (fate === 'fiveTimes') this.later(() => Promise.all(Array.from({ length: 4 }, () => this.deliver(told))));
    const answer = await this.deliver(told);
    response.writeHead(answer.status, { 'content-type': answer.contentType }).end(answer.body);
  }

  private later(work: () => Promise<unknown>): void {
    const done = work().catch(() => undefined);
    this.under.add(done);
    void done.then(() => this.under.delete(done));
  }

  /** Another body under the same signature. */
  private async forge(told: Told): Promise<void> {
    this.forged += 1;
    const text = told.body.toString('utf8');
    const forged = text.replace(/\d/, (digit) => String((Number(digit) + 1) % 10));
    const { status } = await this.deliver({ ...told, body: Buffer.from(forged) });
    if (status < 300) this.forgedTaken += 1;
  }

  private async untilTaken(told: Told): Promise<void> {
    for (let tries = 0; tries < 100; tries++) {
      const { status } = await this.deliver(told);
      if (status < 500) return;
      await sleep(300);
    }
  }

  /** As the gateway hands on what comes from outside. */
  private async deliver({ provider, headers, body }: Told) {
    const url = this.addressOf();
    try {
      if (url === undefined) throw new Error('nobody is there');
      const answer = await fetch(`${url}/payments/${provider}/${this.botId}/notifications`, {
        method: 'POST',
        headers,
        body: new Uint8Array(body),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      const contentType = answer.headers.get('content-type') ?? 'text/plain';
      return { status: answer.status, contentType, body: Buffer.from(await answer.arrayBuffer()) };
    } catch {
      return { status: 502, contentType: 'text/plain', body: Buffer.from('') };
    }
  }
}

const headersOf = ({ headers }: IncomingMessage): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined || OF_THE_WAY.includes(name) ? [] : [[name, String(value)] as const],
    ),
  );
