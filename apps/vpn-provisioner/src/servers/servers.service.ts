import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import {
  type Actor,
  AuditEntryAppendRequested,
  ChangeServer,
  CreateServer,
  type ReadServer,
  type RouteDefinition,
  type TryServer,
} from '@switchboard/contracts';
import {
  type AnswerOf,
  auditEntry,
  Clock,
  DomainError,
  FieldRefused,
  type IfMatch,
  type RequestOf,
} from '@switchboard/service-kit';
import { DataSource, type EntityManager, In } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { panelErrorOf, type Secrets, PanelsService } from '../panels/panels.service';
import { withDeadline } from '../panels/with-deadline';
import { Server, type ServerState } from './server.entity';
import { ServerHealth } from './server-health.entity';

export class ServerNotFound extends DomainError {
  constructor(serverId: string) {
    const texts = { en: 'There is no such server.', ru: 'Такого сервера нет.' };
    super('vpn-provisioner.server_not_found', texts, 404, { serverId });
  }
}

class PanelUnreachable extends FieldRefused {
  constructor({ error, detail }: Trial) {
    const texts = {
      en: `The panel does not answer: ${detail ?? error}.`,
      ru: `Панель не отвечает: ${detail ?? error}.`,
    };
    super('vpn-provisioner.panel_unreachable', '/url', texts, { error });
  }
}

class NameTaken extends FieldRefused {
  constructor() {
    const texts = { en: 'Another server has this name.', ru: 'Так уже называется другой сервер.' };
    super('vpn-provisioner.server_name_taken', '/name', texts);
  }
}

class PanelTaken extends FieldRefused {
  constructor(server: string) {
    const texts = { en: `It is the panel of "${server}" already.`, ru: `Это уже панель сервера «${server}».` };
    super('vpn-provisioner.panel_taken', '/url', texts, { server });
  }
}

class ServerInUse extends DomainError {
  constructor(people: number) {
    const texts = { en: 'The server still serves people.', ru: 'Сервер ещё обслуживает людей.' };
    super('vpn-provisioner.server_in_use', texts, 409, { people });
  }
}

type View = AnswerOf<typeof ReadServer>;
type Created = RequestOf<typeof CreateServer>['body'];
type Change = RequestOf<typeof ChangeServer>['body'];
type Trial = AnswerOf<typeof TryServer>;
type Tried = RequestOf<typeof TryServer>['body'];

const TRIAL_MS = 10_000;
const LONGEST_DETAIL = 300;

/** The servers of the installation, as staff have them. */
@Injectable()
export class ServersService {
  constructor(
    private readonly db: DataSource,
    private readonly panels: PanelsService,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  async find(id: string, tx: EntityManager = this.db.manager): Promise<Server> {
    const found = await tx.findOneBy(Server, { id });
    if (!found) throw new ServerNotFound(id);
    return found;
  }

  /** Those whose panels are asked. */
  async alive(tx: EntityManager = this.db.manager): Promise<Server[]> {
    return tx.find(Server, { where: { state: In(['in-service', 'draining']) }, order: { name: 'ASC' } });
  }

  async list(filter: { region?: string | undefined; state?: ServerState | undefined }): Promise<View[]> {
    const { region, state } = filter;
    const servers = await this.db.manager.find(Server, {
      where: { ...(region !== undefined && { region }), ...(state && { state }) },
      order: { name: 'ASC' },
    });
    return this.described(this.db.manager, servers);
  }

  async read(id: string, tx: EntityManager = this.db.manager): Promise<View> {
    const [view] = await this.described(tx, [await this.find(id, tx)]);
    return view!;
  }

  /** What can be said of a panel before it is saved. */
  async try({ serverId, ...asked }: Tried): Promise<Trial> {
    const saved = serverId === undefined ? undefined : await this.find(serverId);
    const url = asked.url ?? saved?.url;
    if (url === undefined) throw new FieldRefused('validation_failed', '/url', NO_ADDRESS);
    const secrets = { ...(saved && this.panels.secretsOf(saved)), ...asked.secrets };
    return this.trial({ id: serverId ?? uuidv7(), name: '', ...asked, url }, secrets);
  }

  /** Asks a name server and the panel, so it is done before there is a transaction. */
  async checkNew({ secrets, force, ...server }: Created): Promise<void> {
    const trial = await this.trial({ id: uuidv7(), ...server }, secrets);
    if (!trial.answers && !force) throw new PanelUnreachable(trial);
  }

  async create(tx: EntityManager, actor: Actor, { secrets, force: _, ...asked }: Created): Promise<View> {
    const now = this.clock.now();
    const url = normalized(asked.url);
    await this.refuseTakenName(tx, asked.name);
    await this.refuseTakenPanel(tx, url);
    const id = uuidv7();
    const server = tx.create(Server, {
      ...{ ...asked, url },
      ...{ id, secrets: this.panels.encrypt(id, secrets), state: 'in-service', revision: 1 },
      ...{ createdAt: now, changedAt: now },
    });
    await tx.insert(Server, server as never);
    await tx.insert(ServerHealth, {
      // Until its first good probe nobody is sent there.
      ...{ serverId: id, state: 'down', against: 0, falls: 0, since: now, epoch: 0, cleanedEpoch: 0 },
    });
    const after = { ...factsOf(server), secrets: Object.keys(secrets) };
    await this.audit(tx, actor, CreateServer, server, { after });
    return this.read(id, tx);
  }

  /** Likewise, where the panel becomes another one. */
  async checkChange(id: string, { force, ...asked }: Change): Promise<void> {
    if (!asked.url && !asked.settings && !asked.secrets) return;
    const saved = await this.find(id);
    const secrets = { ...this.panels.secretsOf(saved), ...asked.secrets };
    const trial = await this.trial(
      { ...saved, url: asked.url ?? saved.url, settings: asked.settings ?? saved.settings },
      secrets,
    );
    if (!trial.answers && !force) throw new PanelUnreachable(trial);
  }

  async change(tx: EntityManager, actor: Actor, id: string, { force, ...asked }: Change, seen: IfMatch): Promise<View> {
    const server = await tx.findOne(Server, { where: { id }, lock: { mode: 'pessimistic_write' } });
    if (!server) throw new ServerNotFound(id);
    seen.check(server.revision);
    if (asked.name !== undefined && asked.name !== server.name) await this.refuseTakenName(tx, asked.name);
    if (asked.state === 'retired' && server.state !== 'retired') await this.refuseInUse(tx, id, force);
    const { secrets, ...rest } = asked;
    if (rest.url !== undefined) rest.url = normalized(rest.url);
    if (rest.url !== undefined && rest.url !== server.url) await this.refuseTakenPanel(tx, rest.url);
    const sealed = secrets && this.panels.encrypt(id, { ...this.panels.secretsOf(server), ...secrets });
    const changed = {
      ...server,
      ...(rest as Partial<Server>),
      ...(sealed !== undefined && { secrets: sealed }),
      revision: server.revision + 1,
      changedAt: this.clock.now(),
    };
    await tx.save(Server, changed);
    // It may be another panel now, or the same one made anew.
    if (rest.url !== undefined || rest.settings || secrets) await this.askAgain(tx, id);
    const after = { ...factsOf(changed), ...(secrets && { newSecrets: Object.keys(secrets) }) };
    await this.audit(tx, actor, ChangeServer, server, { before: factsOf(server), after });
    return this.read(id, tx);
  }

  private async trial(server: Parameters<PanelsService['tried']>[0], secrets: Secrets): Promise<Trial> {
    this.panels.check(server, secrets);
    await this.panels.checkAddress(server.url);
    const begunAt = performance.now();
    try {
      const panel = this.panels.tried(server, secrets);
      const { version, onlineUsers } = await withDeadline(TRIAL_MS, undefined, (signal) => panel.health(signal));
      const latencyMs = Math.round(performance.now() - begunAt);
      return { answers: true, error: null, detail: null, latencyMs, version, onlineUsers };
    } catch (error) {
      const detail = error instanceof Error ? error.message.slice(0, LONGEST_DETAIL) : null;
      return { answers: false, error: panelErrorOf(error), detail, latencyMs: null, version: null, onlineUsers: null };
    }
  }

  private async refuseTakenName(tx: EntityManager, name: string): Promise<void> {
    const taken = await tx.findBy(Server, { name, state: In(['in-service', 'draining']) });
    if (taken.length > 0) throw new NameTaken();
  }

  /** People have the same name at every panel: two servers with one would make each other's people their own. */
  private async refuseTakenPanel(tx: EntityManager, url: string): Promise<void> {
    const taken = await tx.findOneBy(Server, { url, state: In(['in-service', 'draining']) });
    if (taken) throw new PanelTaken(taken.name);
  }

  private async askAgain(tx: EntityManager, id: string): Promise<void> {
    await tx.query(
      'UPDATE access_keys SET due_at = $2, asked = asked + 1, attempts = 0, error = NULL WHERE server_id = $1',
      [...[id, this.clock.now()]],
    );
  }

  /** What is left on the panel of a server that is gone for good, nobody can remove any more. */
  private async refuseInUse(tx: EntityManager, id: string, isGone: boolean): Promise<void> {
    const { people, leaving } = (await this.countsOf(tx, [id])).get(id)!;
    if (people > 0 || (leaving > 0 && !isGone)) throw new ServerInUse(people + leaving);
    await tx.query('DELETE FROM access_keys WHERE server_id = $1', [id]);
    await tx.query('DELETE FROM panel_removals WHERE server_id = $1', [id]);
  }

  private async described(tx: EntityManager, servers: readonly Server[]): Promise<View[]> {
    const ids = servers.map(({ id }) => id);
    const healths = await tx.findBy(ServerHealth, { serverId: In(ids) });
    const counts = await this.countsOf(tx, ids);
    return servers.map(({ secrets, ...server }) => {
      const { state, since, probedAt, latencyMs, onlineUsers, cpu, memory, version, error } = healths.find(
        ({ serverId }) => serverId === server.id,
      )!;
      return {
        ...server,
        url: new URL(server.url).origin,
        secretNames: Object.keys(this.panels.secretsOf({ id: server.id, secrets })),
        ...counts.get(server.id)!,
        health: { state, since, probedAt, latencyMs, onlineUsers, cpu, memory, version, error },
      } as View;
    });
  }

  private async countsOf(tx: EntityManager, ids: readonly string[]) {
    const rows = await tx.query<{ id: string; people: number; leaving: number; waiting: number }[]>(
      `SELECT server_id AS id, people,
         (SELECT count(*)::int FROM access_keys k WHERE k.server_id = p.server_id AND NOT k.occupies) AS leaving,
         (SELECT count(*)::int FROM access_keys k WHERE k.server_id = p.server_id AND k.due_at IS NOT NULL) AS waiting
       FROM server_people p WHERE server_id = ANY($1)`,
      [ids],
    );
    return new Map(rows.map(({ id, ...counts }) => [id, counts]));
  }

  private async audit(
    tx: EntityManager,
    actor: Actor,
    route: RouteDefinition,
    { id }: Pick<Server, 'id'>,
    change: { before?: Record<string, unknown>; after: Record<string, unknown> },
  ): Promise<void> {
    const about = { resourceType: 'server', resourceId: id };
    await this.outbox.add(tx, AuditEntryAppendRequested(auditEntry(actor, route, { ...about, ...change })));
  }
}

/** `HTTPS://Panel.Example/abc/` → `https://panel.example/abc` */
const normalized = (url: string): string => new URL(url).href.replace(/\/+$/, '');

const NO_ADDRESS = { en: 'An address is missing.', ru: 'Не указан адрес.' };

/** As the audit log has it: the path of an address is the password of some panels. */
const factsOf = ({ url, ...server }: Server): Record<string, unknown> => {
  const { name, region, capacity, weight, monthlyCostMinor, currency, panelKind, settings, endpoints, state } = server;
  const { parallelCalls } = server;
  const facts = { name, region, capacity, weight, monthlyCostMinor, currency, panelKind, settings, endpoints, state };
  return { ...facts, parallelCalls, url: new URL(url).origin };
};
