import {
  AccessGranted,
  type Actor,
  CreateServer,
  type Features,
  ListMyAccesses,
  ReadServer,
  SubscriptionActivated,
} from '@switchboard/contracts';
import { type AnswerOf, Schedules } from '@switchboard/service-kit';
import { FakeClock, startApp, type TestApp, type TestAppOptions, until } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import type { z } from 'zod';
import { HealthService } from '../src/health/health.service';
import type { CloudDefinition } from '../src/clouds/cloud';
import type { PanelDefinition } from '../src/panels/panel';
import { defineVpnProvisioner } from '../src/vpn-provisioner.module';
import { panelAt, pretended, type PretendedPanel } from './pretended.panel';

export const DAY_MS = 86_400_000;
export const GB = 1_000_000_000;
export const BOT = 'shop';

type State = z.input<typeof SubscriptionActivated.schema>;
export type AServer = AnswerOf<typeof ReadServer> & { readonly panel: PretendedPanel };
type Asked = Partial<z.input<(typeof CreateServer)['body']>>;

let servers = 0;

/** The service with panels that the spec keeps. */
export class TestVpn {
  private slots = 0;

  private constructor(readonly app: TestApp) {}

  static async start(
    options: TestAppOptions = {},
    panels: readonly PanelDefinition[] = [pretended],
    clouds: readonly CloudDefinition[] = [],
  ): Promise<TestVpn> {
    return new TestVpn(await startApp(defineVpnProvisioner(panels, clouds), { clock: new FakeClock(), ...options }));
  }

  get db() {
    return this.app.service.db;
  }

  get health(): HealthService {
    return this.app.service.nest.get(HealthService, { strict: false });
  }

  person(id = uuidv7()): Actor {
    return { kind: 'person', id, roles: [], scopes: ['me:*'] };
  }

  /** A server that is there for people. */
  async server(more: Asked = {}): Promise<AServer> {
    const created = await this.newServer(more);
    await this.untilUp(created.id);
    return created;
  }

  async newServer(more: Asked = {}): Promise<AServer> {
    servers += 1;
    const url = `http://127.0.0.1:9/panel-${servers}`;
    const body = {
      ...{ name: `Server ${servers}`, region: 'de', capacity: 100, monthlyCostMinor: 500, currency: 'EUR' },
      ...{ panelKind: 'pretended', url, secrets: { password: 'secret' }, parallelCalls: 8, ...more },
    };
    const server = await this.app.gateway.call(CreateServer, { body, idempotencyKey: uuidv7() });
    return { ...server, panel: panelAt(url) };
  }

  async untilUp(serverId: string): Promise<void> {
    await until(
      async () => {
        if ((await this.read(serverId)).health.state === 'up') return true;
        await this.probe();
        return false;
      },
      { what: 'the server to be up' },
    );
  }

  read(serverId: string): Promise<AnswerOf<typeof ReadServer>> {
    return this.app.gateway.call(ReadServer, { params: { serverId } });
  }

  /** Whether people are sent there. */
  async open(isOpen: boolean, ...closed: readonly AServer[]): Promise<void> {
    const state = isOpen ? 'in-service' : 'draining';
    await this.db.query('UPDATE servers SET state = $1 WHERE id = ANY($2)', [state, closed.map(({ id }) => id)]);
  }

  /** One round of probes, as if it were time. */
  async probe(): Promise<void> {
    this.app.clock.advance(11_000);
    await this.health.probeDue();
  }

  /** Everything of a subscription, as payments says it. */
  subscription(more: Partial<State> = {}): State {
    const now = this.app.clock.now();
    const iso = (days: number) => new Date(Math.floor(now.getTime() / 1000) * 1000 + days * DAY_MS).toISOString();
    return {
      ...{ subscriptionId: uuidv7(), revision: 1, userId: uuidv7(), botId: BOT, planId: uuidv7(), level: 'plus' },
      ...{ status: 'active', startedAt: iso(0), periodStart: iso(0), validUntil: iso(30), servedUntil: iso(33) },
      features: { 'vpn.traffic-bytes': 100 * GB, 'vpn.devices': 3, 'vpn.servers': 1 } as Features,
      autoRenew: false,
      ...more,
    };
  }

  /** Says that somebody has bought something, and waits until they are served. */
  async buy(more: Partial<State> = {}): Promise<State> {
    const state = this.subscription(more);
    await this.app.probe.say(SubscriptionActivated(state));
    await this.app.probe.until(AccessGranted, ({ data }) => data.subscriptionId === state.subscriptionId);
    return state;
  }

  /** Says so of many at once. */
  async buyMany(count: number, more: (i: number) => Partial<State> = () => ({})): Promise<State[]> {
    const states = Array.from({ length: count }, (_, i) => this.subscription(more(i)));
    for (const state of states) await this.app.probe.say(SubscriptionActivated(state));
    const ids = states.map(({ subscriptionId }) => subscriptionId);
    const heard = `SELECT FROM accesses WHERE subscription_id = ANY($1) AND revision > 0`;
    await until(async () => (await this.db.query<unknown[]>(heard, [ids])).length === count, {
      what: 'all to be heard',
    });
    return states;
  }

  async mine({ userId }: Pick<State, 'userId'>): Promise<AnswerOf<typeof ListMyAccesses>['data'][number]> {
    const { data } = await this.app.gateway.call(ListMyAccesses, { query: {} }, { actor: this.person(userId) });
    return data[0]!;
  }

  /** What an operator is told. @param label `server="Frankfurt"`, where there are several */
  async metric(name: string, label = ''): Promise<number | undefined> {
    const text = await (await fetch(`${this.app.url}/metrics`, { headers: await this.app.as('operator') })).text();
    const line = text.split('\n').find((line) => line.startsWith(`${name}{`) && line.includes(label));
    return line === undefined ? undefined : Number(line.split(' ').at(-1));
  }

  /** Runs a schedule once, as in a slot of its own. */
  async tick(job: string): Promise<void> {
    // Later than any that the service has claimed by the clock of the database.
    const slot = new Date(Date.now() + ++this.slots * DAY_MS);
    const schedules = this.app.service.nest.get(Schedules, { strict: false });
    if (!(await schedules.runSlot(job, slot))) throw new Error(`${job} has run later`);
    await until(
      async () => {
        const [row] = await this.db.query<{ done: boolean }[]>(
          'SELECT last_success_slot >= $2 AS done FROM schedules WHERE job = $1',
          [job, slot],
        );
        return row?.done;
      },
      { what: job },
    );
  }

  /** Minutes pass until something is there: what failed is tried again. */
  async passing<T>(look: () => T | undefined | false | Promise<T | undefined | false>, what: string): Promise<T> {
    return (await until(
      async () => {
        this.app.clock.advance(61_000);
        await this.tick('tend-accesses');
        return until(async () => (await look()) || undefined, { what, timeoutMs: 300 }).catch(() => undefined);
      },
      { what },
    )) as T;
  }

  granted({ subscriptionId }: Pick<State, 'subscriptionId'>, revision?: number) {
    return this.app.probe
      .all(AccessGranted)
      .find(
        ({ data }) => data.subscriptionId === subscriptionId && (revision === undefined || data.revision === revision),
      );
  }

  /** Nothing is due any more. */
  async settled(): Promise<void> {
    await until(
      async () => {
        const [row] = await this.db.query<{ n: number }[]>(
          `SELECT (SELECT count(*) FROM access_keys k JOIN servers s ON s.id = k.server_id WHERE k.due_at <= $1 AND s.state <> 'retired') + (SELECT count(*) FROM accesses WHERE owed_since IS NOT NULL)
             + (SELECT count(*) FROM panel_removals WHERE due_at <= $1) AS n`,
          [this.app.clock.now()],
        );
        return Number(row!.n) === 0;
      },
      { what: 'everything to be there' },
    );
  }
}
