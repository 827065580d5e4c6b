import { Inject, Injectable } from '@nestjs/common';
import {
  type Actor,
  ChangeWebhookEndpoint,
  OpenWebhookEndpoint,
  type ReadWebhookEndpoint,
  RemoveWebhookEndpoint,
  RotateWebhookSecret,
} from '@switchboard/contracts';
import {
  type AnswerOf,
  Clock,
  CONFIG,
  DomainError,
  FieldRefused,
  type IfMatch,
  OutboundError,
  OutboundGuard,
  type Position,
  type RequestOf,
} from '@switchboard/service-kit';
import { DataSource, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { AuditLog } from '../audit/audit-log';
import type { SiteConfig } from '../sessions/site.config';
import type { WebhooksConfig } from './webhooks.config';
import { WantedTypesService } from './wanted-types.service';
import { WebhookEndpoint, WebhookHealth, WebhookSecret } from './webhook-endpoint.entity';
import { WebhookQueueService } from './webhook-queue.service';
import { WebhookSecretsService } from './webhook-secrets.service';
import { webhookTypes } from './webhook-types';
import { WebhooksHealthService } from './webhooks-health.service';

export class WebhookEndpointNotFound extends DomainError {
  constructor(endpointId: string) {
    super('gateway.webhook_endpoint_not_found', 'There is no such endpoint', 404, { endpointId });
  }
}

class AddressRefused extends FieldRefused {
  constructor({ reason, message }: OutboundError) {
    const texts =
      reason === 'unknown_name'
        ? {
            en: 'No name server knows the host of this address. Is it spelt right?',
            ru: 'Ни один сервер имён не знает хоста из этого адреса. Нет ли опечатки?',
          }
        : {
            en: `It has to be an https address of a public server: ${message}.`,
            ru: 'Нужен адрес публичного сервера по https, порт 443 или 8443, без имени и пароля.',
          };
    super('gateway.webhook_address_refused', '/url', texts, { field: 'url' });
  }
}

class TypeUnknown extends DomainError {
  constructor(types: readonly string[]) {
    super('gateway.webhook_type_unknown', `There is no such event: ${types.join(', ')}`, 422, { types });
  }
}

class BotsRefused extends DomainError {
  constructor() {
    super('gateway.webhook_bots_refused', 'An endpoint is for bots that you may see, and these are named', 403);
  }
}

type Endpoint = AnswerOf<typeof ReadWebhookEndpoint>;
type Opened = RequestOf<typeof OpenWebhookEndpoint>['body'];
type Change = RequestOf<typeof ChangeWebhookEndpoint>['body'];

const LOOK_UP_MS = 5000;
/** More than that nobody counts. */
const WAITING_COUNTED = 1000;

/** Where webhooks go. Whoever may see some bots only sees endpoints that are for these only. */
@Injectable()
export class WebhookEndpointsService {
  readonly guard: OutboundGuard;

  constructor(
    private readonly db: DataSource,
    private readonly secrets: WebhookSecretsService,
    private readonly health: WebhooksHealthService,
    private readonly queue: WebhookQueueService,
    private readonly wanted: WantedTypesService,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
    @Inject(CONFIG) config: SiteConfig & WebhooksConfig,
  ) {
    this.guard = new OutboundGuard({
      privateNetworks: config.GATEWAY_WEBHOOK_PRIVATE_NETWORKS,
      refusedHosts: config.GATEWAY_PUBLIC_URL ? [new URL(config.GATEWAY_PUBLIC_URL).hostname] : [],
    });
  }

  async list(actor: Actor, position: Position | undefined, limit: number): Promise<Endpoint[]> {
    const backwards = position?.direction === 'prev';
    const query = this.visible(this.db.manager, actor);
    if (position) query.andWhere(`e.id ${backwards ? '<' : '>'} :from`, { from: position.key[0] });
    const rows = await query
      .orderBy('e.id', backwards ? 'DESC' : 'ASC')
      .limit(limit)
      .getMany();
    return this.described(this.db.manager, rows);
  }

  async read(tx: EntityManager, actor: Actor, endpointId: string): Promise<Endpoint> {
    const [endpoint] = await this.described(tx, [await this.find(tx, actor, endpointId)]);
    return endpoint!;
  }

  /**
   * The address as it is kept. Asks a name server, so no row should be locked meanwhile.
   * @throws AddressRefused
   */
  async addressOf(url: string): Promise<string> {
    try {
      return (await this.guard.lookUp(url, { timeoutMs: LOOK_UP_MS })).href;
    } catch (error) {
      if (!(error instanceof OutboundError)) throw error;
      if (['refused', 'unknown_name'].includes(error.reason)) throw new AddressRefused(error);
      // A name server that is silent now is asked again with each delivery.
      return this.guard.check(url).href;
    }
  }

  /** What may be opened, with its address as it is kept. @throws AddressRefused, TypeUnknown, BotsRefused */
  async checked(actor: Actor, asked: Opened): Promise<Opened> {
    checkSettings(actor, asked);
    return { ...asked, url: await this.addressOf(asked.url) };
  }

  /** @param asked as `checked` gives it */
  async open(tx: EntityManager, actor: Actor, asked: Opened): Promise<{ endpoint: Endpoint; secret: string }> {
    const endpoint = tx.create(WebhookEndpoint, {
      ...asked,
      ...{ id: uuidv7(), state: 'enabled', disabledReason: null, disabledAt: null, revision: 1 },
      ...{ ownerKind: actor.kind, ownerId: actor.id, createdAt: this.clock.now() },
    });
    await tx.insert(WebhookEndpoint, endpoint);
    this.wanted.changeIn(tx);
    await tx.insert(WebhookHealth, { endpointId: endpoint.id });
    const { secret } = await this.secrets.add(tx, endpoint.id);
    const answer = { endpoint: await this.read(tx, actor, endpoint.id), secret };
    await this.audit.done(tx, actor, OpenWebhookEndpoint, { ...about(endpoint), after: settingsOf(endpoint) });
    return answer;
  }

  /**
   * @param asked its address as `addressOf` gives it
   * @param seen the revisions that the caller knows: checked while the row is locked
   */
  async change(tx: EntityManager, actor: Actor, endpointId: string, asked: Change, seen: IfMatch): Promise<Endpoint> {
    await this.health.lock(tx, endpointId);
    const endpoint = await this.find(tx, actor, endpointId);
    seen.check(endpoint.revision);
    const before = settingsOf(endpoint);
    const { state, ...settings } = asked;
    const wanted = { ...endpoint, ...settings };
    checkSettings(actor, wanted);
    await tx.update(WebhookEndpoint, { id: endpointId }, { ...settings, revision: endpoint.revision + 1 });
    this.wanted.changeIn(tx);
    if (wanted.ordered !== endpoint.ordered) await this.queue.reorder(tx, endpointId, wanted.ordered);
    if (state === 'enabled' && endpoint.state === 'disabled') await this.health.enable(tx, endpointId);
    if (state === 'disabled' && endpoint.state === 'enabled') await this.health.disable(tx, endpointId, 'by_hand');
    const answer = await this.read(tx, actor, endpointId);
    const after = settingsOf({ ...wanted, state: answer.state });
    await this.audit.done(tx, actor, ChangeWebhookEndpoint, { ...about(endpoint), before, after });
    return answer;
  }

  async remove(tx: EntityManager, actor: Actor, endpointId: string): Promise<void> {
    await this.health.lock(tx, endpointId);
    const endpoint = await this.visible(tx, actor).andWhere('e.id = :endpointId', { endpointId }).getOne();
    if (!endpoint) return;
    await tx.delete(WebhookEndpoint, { id: endpointId });
    await this.audit.done(tx, actor, RemoveWebhookEndpoint, { ...about(endpoint), before: settingsOf(endpoint) });
  }

  async rotate(tx: EntityManager, actor: Actor, endpointId: string, overlapHours: number) {
    await this.health.lock(tx, endpointId);
    const endpoint = await this.find(tx, actor, endpointId);
    const added = await this.secrets.add(tx, endpointId, overlapHours * 60 * 60_000);
    const details = { secretId: added.secretId, overlapHours };
    await this.audit.done(tx, actor, RotateWebhookSecret, { ...about(endpoint), details });
    return added;
  }

  /** @throws WebhookEndpointNotFound also when the actor may not see it */
  async find(tx: EntityManager, actor: Actor, endpointId: string): Promise<WebhookEndpoint> {
    const endpoint = await this.visible(tx, actor).andWhere('e.id = :endpointId', { endpointId }).getOne();
    if (!endpoint) throw new WebhookEndpointNotFound(endpointId);
    return endpoint;
  }

  /** Not `bot_ids && …`: an endpoint tells of all its bots. */
  private visible(tx: EntityManager, { bots }: Actor) {
    const query = tx.createQueryBuilder(WebhookEndpoint, 'e');
    return bots ? query.where('e.botIds <@ :bots', { bots }) : query.where('true');
  }

  private async described(tx: EntityManager, endpoints: readonly WebhookEndpoint[]): Promise<Endpoint[]> {
    const ids = endpoints.map(({ id }) => id);
    const [healths, secrets] = [
      await tx.createQueryBuilder(WebhookHealth, 'h').where('h.endpointId = ANY(:ids)', { ids }).getMany(),
      await tx
        .createQueryBuilder(WebhookSecret, 's')
        .where('s.endpointId = ANY(:ids)', { ids })
        .orderBy('s.id')
        .getMany(),
    ];
    const waiting = await tx.query<{ id: string; count: number }[]>(
      `SELECT id, (SELECT count(*)::int FROM (
         SELECT FROM webhook_deliveries WHERE endpoint_id = e.id AND state <> 'ended' LIMIT ${WAITING_COUNTED}) open) AS count
       FROM unnest($1::uuid[]) AS e (id)`,
      [ids],
    );
    return endpoints.map(({ ownerKind, ownerId, ...endpoint }) => {
      const health = healths.find(({ endpointId }) => endpointId === endpoint.id);
      return {
        ...endpoint,
        owner: { kind: ownerKind, id: ownerId },
        secrets: secrets.filter(({ endpointId }) => endpointId === endpoint.id),
        health: {
          failingSince: health?.failingSince ?? null,
          failures: health?.failures ?? 0,
          lastSuccessAt: health?.lastSuccessAt ?? null,
          lastFailureAt: health?.lastFailureAt ?? null,
          waiting: waiting.find(({ id }) => id === endpoint.id)?.count ?? 0,
        },
      };
    });
  }
}

/** @throws TypeUnknown, BotsRefused */
function checkSettings({ bots }: Actor, { types, botIds }: Pick<Opened, 'types' | 'botIds'>): void {
  if (bots && !botIds?.every((botId) => bots.includes(botId))) throw new BotsRefused();
  const unknown = types.filter((type) => !webhookTypes.has(type));
  if (unknown.length > 0) throw new TypeUnknown(unknown);
}

/** In the audit log. */
const about = ({ id, botIds }: WebhookEndpoint) => ({
  resource: { type: 'webhook-endpoint', id },
  botId: botIds?.length === 1 ? botIds[0] : undefined,
});

/** As the audit log has it: what follows in an address may be a secret. */
const settingsOf = ({ url, description, types, botIds, content, ordered, state }: WebhookEndpoint) => {
  return { url: url.replace(/\?.*$/, '?…'), description, types, botIds, content, ordered, state };
};
