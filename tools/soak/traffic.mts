import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { clientWith, operatorNamed } from '../local/operator.mts';
import type { Fleet } from './fleet.mts';

const ZONE = 'Asia/Kolkata';
const TYPES = ['chat-ai.reply.completed', 'bot-adapter.message.received', 'bot-adapter.message.delivered'];
const ANSWER_WITHIN_MS = 20_000;
/** One webhook of so many is not taken when it comes first; it is tried again five seconds later. */
const REFUSED_EACH = 20;

/** What staff and their programs do meanwhile: webhooks, the console's overview, exports, and checks of the audit log. */
export class Traffic {
  /** How often each call was answered. One that comes while its process is killed is not. */
  readonly answered: Record<string, number> = {};
  private over = false;
  private readonly loops: Promise<void>[] = [];
  private readonly received = new Set<string>();
  private readonly fleet: Fleet;
  private readonly receiver = createServer((request, response) => {
    const id = String(request.headers['webhook-id']);
    const isFirst = !this.received.has(id);
    this.received.add(id);
    const isRefused = isFirst && this.received.size % REFUSED_EACH === 0;
    request.resume().once('end', () => response.writeHead(isRefused ? 500 : 204).end());
  });

  private constructor(fleet: Fleet) {
    this.fleet = fleet;
  }

  static async begin(fleet: Fleet): Promise<Traffic> {
    const traffic = new Traffic(fleet);
    await traffic.open();
    return traffic;
  }

  /** Nothing more is asked; webhooks are still taken. */
  async end(): Promise<void> {
    this.over = true;
    await Promise.all(this.loops);
  }

  stop(): void {
    this.receiver.close().closeAllConnections();
  }

  /** What was begun and has not come to its end. */
  async unfinished(): Promise<number> {
    const [row] = await this.fleet.query<{ count: number }>(
      `SELECT ((SELECT count(*) FROM gateway.webhook_deliveries WHERE state <> 'ended')
         + (SELECT count(*) FROM analytics.exports WHERE state IN ('waiting', 'running'))
         + (SELECT count(*) FROM gateway.audit_verifications WHERE ended_at IS NULL))::int AS count`,
    );
    return row!.count;
  }

  async complaints(): Promise<string[]> {
    const { fleet, answered, received } = this;
    const webhooks = await fleet.query<{ id: string; outcome: string }>(
      'SELECT id, outcome FROM gateway.webhook_deliveries',
    );
    const failed = await fleet.query<{ problem: string }>(
      `SELECT coalesce(problem, 'without a reason') AS problem FROM analytics.exports WHERE state = 'failed'`,
    );
    const [audit] = await fleet.query<{ findings: number }>(
      'SELECT coalesce(sum(found), 0)::int AS findings FROM gateway.audit_verifications',
    );
    return [
      ...['ReadOverview', 'ListWebhookDeliveries', 'OpenExport', 'RequestAuditVerification']
        .filter((call) => !answered[call])
        .map((call) => `${call} was never answered`),
      ...(webhooks.length === 0 ? ['there was no webhook'] : []),
      ...webhooks
        .filter(({ id, outcome }) => outcome !== 'delivered' || !received.has(id))
        .map(({ id, outcome }) => `webhook ${id} was not received: ${outcome}`),
      ...failed.map(({ problem }) => `an export failed: ${problem}`),
      ...(audit!.findings > 0 ? [`the audit log was found wrong ${audit!.findings} times`] : []),
    ];
  }

  private async open(): Promise<void> {
    // What was just built cannot be imported earlier.
    const contracts = await import('@switchboard/contracts');
    const { ListWebhookDeliveries, OpenExport, OpenWebhookEndpoint, ReadOverview, RequestAuditVerification } =
      contracts;
    await new Promise<void>((done) => this.receiver.listen(0, '127.0.0.1', done));
    const url = `http://127.0.0.1:${(this.receiver.address() as AddressInfo).port}/`;
    const key = () => crypto.randomUUID();
    const day = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
    for (const ordered of [false, true]) {
      const body = { url, types: TYPES, ordered, description: '', botIds: null, content: 'thin' as const };
      await this.ask('gateway', 'OpenWebhookEndpoint', (client, options) =>
        client.call(OpenWebhookEndpoint, { body, idempotencyKey: key() }, options),
      );
    }
    this.every(1000, 'analytics', 'ReadOverview', (client, options) =>
      client.call(ReadOverview, { query: { zone: ZONE } }, options),
    );
    this.every(1500, 'gateway', 'ListWebhookDeliveries', (client, options) =>
      client.call(ListWebhookDeliveries, { query: { limit: 50 } }, options),
    );
    this.every(5000, 'analytics', 'OpenExport', (client, options) => {
      const query = { zone: 'UTC', from: day(-3), to: day(1), by: 'hour' as const };
      const body = { of: { report: 'activity' as const, query }, format: 'csv' as const };
      return client.call(OpenExport, { body, idempotencyKey: key() }, options);
    });
    this.every(10_000, 'gateway', 'RequestAuditVerification', (client, options) =>
      client.call(RequestAuditVerification, { idempotencyKey: key() }, options),
    );
  }

  private every(ms: number, ...asked: Parameters<Traffic['ask']>): void {
    const repeat = async () => {
      while (!this.over) {
        await this.ask(...asked);
        await pause(ms);
      }
    };
    this.loops.push(repeat());
  }

  private async ask(service: string, name: string, call: (client: Client, options: Options) => Promise<unknown>) {
    const urls = this.fleet.replicas.filter((one) => one.service === service).map(({ url }) => url);
    const url = urls[Math.floor(Math.random() * urls.length)]!;
    const client = await clientWith(this.fleet.operatorKey, { [service]: url });
    try {
      await call(client, { actor: operatorNamed('01930b6e-7c1a-7000-8000-000000000001'), timeoutMs: ANSWER_WITHIN_MS });
      this.answered[name] = (this.answered[name] ?? 0) + 1;
    } catch (error) {
      console.log(`not answered: ${name}: ${(error as Error).message}`);
    }
  }
}

type Client = Awaited<ReturnType<typeof clientWith>>;
interface Options {
  actor: ReturnType<typeof operatorNamed>;
  timeoutMs: number;
}
