import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import {
  type Actor,
  type CloudEvent,
  type ListWebhookDeliveries,
  type ReadWebhookDelivery,
  type ReplayWebhookDeliveries,
  WebhookEndpointPinged,
} from '@switchboard/contracts';
import { type AnswerOf, Clock, DomainError, type Position, type RequestOf } from '@switchboard/service-kit';
import { DataSource, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { personIdsIn } from '../audit/person-ids';
import { firstIdOf, WebhookAttempt, WebhookDelivery } from './webhook-delivery.entity';
import { WebhookEndpoint } from './webhook-endpoint.entity';
import { WebhookEndpointsService } from './webhook-endpoints.service';
import { WebhookQueueService } from './webhook-queue.service';
import { WebhooksHealthService } from './webhooks-health.service';
import { contentOf, type WebhookType, webhookTypeOf } from './webhook-types';

class WebhookDeliveryNotFound extends DomainError {
  constructor(deliveryId: string) {
    super('gateway.webhook_delivery_not_found', 'There is no such delivery, or no longer', 404, { deliveryId });
  }
}

class WebhookDeliveryOpen extends DomainError {
  constructor(deliveryId: string) {
    super('gateway.webhook_delivery_open', 'It has not ended: it is sent again by itself', 409, { deliveryId });
  }
}

class WebhookDeliveryNotScheduled extends DomainError {
  constructor(deliveryId: string) {
    super('gateway.webhook_delivery_not_scheduled', 'It does not wait for another try', 409, { deliveryId });
  }
}

type ReplayFilter = RequestOf<typeof ReplayWebhookDeliveries>['body'];
type DeliveryFilter = Omit<RequestOf<typeof ListWebhookDeliveries>['query'], 'after' | 'limit'>;
type DeliveryLog = AnswerOf<typeof ReadWebhookDelivery>;

/** Above it a delivery is thin, whatever was asked for. Standard Webhooks: "under 20kb". Characters. */
const LARGEST_BODY = 20_000;

/** An event that an endpoint wants. */
interface Wanted {
  readonly endpoint: WebhookEndpoint;
  readonly event: CloudEvent;
  readonly type: WebhookType;
}

/** What is to be sent, and what was. */
@Injectable()
export class WebhookDeliveriesService {
  constructor(
    private readonly db: DataSource,
    private readonly endpoints: WebhookEndpointsService,
    private readonly queue: WebhookQueueService,
    private readonly health: WebhooksHealthService,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /** Notes events for all endpoints that want them; they are sent after the commit. */
  async record(tx: EntityManager, events: readonly CloudEvent[]): Promise<void> {
    const typed = events.flatMap((event) => {
      const type = webhookTypeOf(event);
      return type ? { event, type } : [];
    });
    if (typed.length === 0) return;
    const types = [...new Set(typed.map(({ type }) => type.type))];
    const wanting = () =>
      tx.createQueryBuilder(WebhookEndpoint, 'e').where(`e.state = 'enabled' AND e.types && :types`, { types });
    const found = (await wanting().select('e.id').getMany()).map(({ id }) => id);
    if (found.length === 0) return;
    await this.health.lock(tx, ...found);
    // Only now, since somebody may have changed them meanwhile.
    const endpoints = await wanting().andWhere('e.id IN (:...found)', { found }).orderBy('e.id').getMany();
    const wanted = endpoints.flatMap((endpoint) =>
      typed.flatMap((one) => (isWanted(endpoint, one) ? { endpoint, ...one } : [])),
    );
    if (wanted.length === 0) return;
    const sequences = await this.sequencesOf(tx, wanted);
    await this.insert(
      tx,
      wanted.flatMap((one, i) => this.rowOf(one, sequences[i]!) ?? []),
    );
    for (const { id, ordered } of endpoints) {
      const subjects = wanted.filter(({ endpoint }) => endpoint.id === id).map(({ event }) => event.subject);
      if (ordered) await this.queue.moveUp(tx, id, [...new Set(subjects)]);
      await this.queue.sendWaiting(tx, id);
    }
  }

  /** The newest first. */
  async list(actor: Actor, filter: DeliveryFilter, position: Position | undefined, limit: number) {
    const backwards = position?.direction === 'prev';
    const query = this.visible(actor);
    const where = (condition: string, values: Record<string, unknown>) => {
      if (Object.values(values)[0] !== undefined) query.andWhere(condition, values);
    };
    where('d.endpointId = :endpointId', { endpointId: filter.endpointId });
    where('d.type = :type', { type: filter.type });
    where('d.state = :state', { state: filter.state });
    where('d.outcome = :outcome', { outcome: filter.outcome });
    where('d.id >= :from', { from: filter.from && firstIdOf(filter.from) });
    where('d.id < :to', { to: filter.to && firstIdOf(filter.to) });
    where(`d.id ${backwards ? '>' : '<'} :position`, { position: position?.key[0] });
    return query
      .orderBy('d.id', backwards ? 'ASC' : 'DESC')
      .limit(limit)
      .getMany();
  }

  async read(actor: Actor, deliveryId: string): Promise<DeliveryLog> {
    const delivery = await this.find(actor, deliveryId);
    const attempts = await this.db.manager.find(WebhookAttempt, { where: { deliveryId }, order: { number: 'ASC' } });
    return { ...delivery, attempts };
  }

  /** Sends a ping, once. */
  async test(tx: EntityManager, actor: Actor, endpointId: string): Promise<string> {
    await this.endpoints.find(tx, actor, endpointId);
    await this.health.lock(tx, endpointId);
    const now = this.clock.now();
    const [type, apiVersion] = ['gateway.webhook-endpoint.pinged', 'v1'];
    const data = { endpointId };
    const id = uuidv7({ msecs: now.getTime() });
    const body = bodyOf({ type, timestamp: now.toISOString(), data, apiVersion, sequence: 0 });
    await this.insert(tx, [
      {
        ...{ id, endpointId, eventId: null, type, subject: endpointId, sequence: 0, body },
        userIds: [],
        isTest: true,
        isBehind: false,
      },
    ]);
    await this.queue.sendLater(tx, id, 0);
    await this.outbox.add(tx, WebhookEndpointPinged(data));
    return id;
  }

  /** Sends a delivery that has ended once more. */
  async replay(tx: EntityManager, actor: Actor, deliveryId: string): Promise<void> {
    const { endpointId } = await this.find(actor, deliveryId);
    await this.health.lock(tx, endpointId);
    const [, marked] = await tx.query<[unknown, number]>(
      `UPDATE webhook_deliveries SET is_replay = true, retry_count = 0, state = 'waiting', ended_at = NULL WHERE id = $1 AND state = 'ended'`,
      [deliveryId],
    );
    if (marked === 0) throw new WebhookDeliveryOpen(deliveryId);
    await this.queue.schedule(tx, endpointId, [deliveryId]);
  }

  /** Sends all that have ended in a period once more, the oldest first. @returns how many, and behind which there is more */
  async replayAll(
    tx: EntityManager,
    actor: Actor,
    endpointId: string,
    { from, to, outcomes, after, limit }: ReplayFilter,
  ): Promise<AnswerOf<typeof ReplayWebhookDeliveries>> {
    await this.endpoints.find(tx, actor, endpointId);
    await this.health.lock(tx, endpointId);
    const found = await tx.query<{ id: string }[]>(
      `SELECT id FROM webhook_deliveries WHERE endpoint_id = $1 AND state = 'ended' AND NOT is_test AND outcome = ANY($2)
         AND id >= $3 AND id < $4 AND ($5::uuid IS NULL OR id > $5) ORDER BY id LIMIT $6`,
      [endpointId, outcomes, firstIdOf(from), firstIdOf(to), after ?? null, limit + 1],
    );
    const ids = found.slice(0, limit).map(({ id }) => id);
    await tx.query(
      `UPDATE webhook_deliveries SET is_replay = true, retry_count = 0, state = 'waiting', ended_at = NULL WHERE id = ANY($1)`,
      [ids],
    );
    await this.queue.sendWaiting(tx, endpointId);
    return { replayed: ids.length, after: found.length > limit ? ids.at(-1)! : null };
  }

  /** Sends a delivery now that is to be tried again later, also when its endpoint has asked to be left alone. */
  async sendNow(tx: EntityManager, actor: Actor, deliveryId: string): Promise<void> {
    const { endpointId } = await this.find(actor, deliveryId);
    await this.health.lock(tx, endpointId);
    const delivery = await this.queue.open(tx, deliveryId);
    if (delivery?.state !== 'scheduled') throw new WebhookDeliveryNotScheduled(deliveryId);
    await this.health.endPause(tx, endpointId);
    await this.queue.sendLater(tx, deliveryId, 0);
  }

  /** @param limit so many at a time, that nobody waits for the rest. @returns whether that was all */
  async forgetBefore(time: Date, limit = 5000): Promise<boolean> {
    const [, deleted] = await this.db.query<[unknown, number]>(
      `DELETE FROM webhook_deliveries WHERE id IN (SELECT id FROM webhook_deliveries WHERE id < $1 ORDER BY id LIMIT $2)`,
      [firstIdOf(time), limit],
    );
    return deleted < limit;
  }

  async forgetSequencesBefore(time: Date): Promise<void> {
    await this.db.query('DELETE FROM webhook_sequences WHERE last_at < $1', [time]);
  }

  /** What names a person goes, sent or not. */
  async forgetPerson(tx: EntityManager, userId: string): Promise<void> {
    const named = `FROM webhook_deliveries WHERE user_ids @> ARRAY[$1::uuid] AND user_ids <> '{}'`;
    const endpoints = await tx.query<{ id: string }[]>(`SELECT DISTINCT endpoint_id AS id ${named}`, [userId]);
    await this.health.lock(tx, ...endpoints.map(({ id }) => id));
    const [gone] = await tx.query<[{ endpointId: string; subject: string }[], number]>(
      `DELETE ${named} RETURNING endpoint_id AS "endpointId", subject`,
      [userId],
    );
    for (const [endpointId, rows] of Map.groupBy(gone, (row) => row.endpointId)) {
      await this.queue.moveUp(tx, endpointId, [...new Set(rows.map(({ subject }) => subject))]);
    }
    await tx.query('DELETE FROM webhook_sequences WHERE subject = $1', [userId]);
  }

  private visible({ bots }: Actor) {
    const query = this.db.createQueryBuilder(WebhookDelivery, 'd');
    if (!bots) return query.where('true');
    return query.where('d.endpointId IN (SELECT id FROM webhook_endpoints WHERE bot_ids <@ :bots)', { bots });
  }

  private async find(actor: Actor, deliveryId: string): Promise<WebhookDelivery> {
    const delivery = await this.visible(actor).andWhere('d.id = :deliveryId', { deliveryId }).getOne();
    if (!delivery) throw new WebhookDeliveryNotFound(deliveryId);
    return delivery;
  }

  /** Counts each event of a subject for its endpoint. In the order of `wanted`. */
  private async sequencesOf(tx: EntityManager, wanted: readonly Wanted[]): Promise<number[]> {
    const keyOf = (endpointId: string, subject: string) => `${endpointId} ${subject}`;
    const counted = Map.groupBy(wanted, ({ endpoint, event }) => keyOf(endpoint.id, event.subject));
    const rows = await tx.query<{ endpointId: string; subject: string; last: string }[]>(
      `INSERT INTO webhook_sequences AS s (endpoint_id, subject, last, last_at)
       SELECT endpoint_id, subject, count, $4 FROM unnest($1::uuid[], $2::text[], $3::int[]) AS one (endpoint_id, subject, count)
       ON CONFLICT (endpoint_id, subject) DO UPDATE SET last = s.last + excluded.last, last_at = excluded.last_at
       RETURNING endpoint_id AS "endpointId", subject, last`,
      [
        [...counted.values()].map(([first]) => first!.endpoint.id),
        [...counted.values()].map(([first]) => first!.event.subject),
        [...counted.values()].map((all) => all.length),
        this.clock.now(),
      ],
    );
    const next = new Map(
      rows.map(({ endpointId, subject, last }) => {
        const key = keyOf(endpointId, subject);
        return [key, Number(last) - counted.get(key)!.length + 1];
      }),
    );
    return wanted.map(({ endpoint, event }) => {
      const key = keyOf(endpoint.id, event.subject);
      const sequence = next.get(key)!;
      next.set(key, sequence + 1);
      return sequence;
    });
  }

  /** Undefined when the event is not what its contract says. */
  private rowOf({ endpoint, event, type }: Wanted, sequence: number): NewDelivery | undefined {
    const data = contentOf(type, event.data, endpoint.content);
    if (!data) return undefined;
    const about = { type: type.type, timestamp: event.time, apiVersion: type.apiVersion, sequence };
    const whole = bodyOf({ ...about, data });
    const body =
      whole.length <= LARGEST_BODY ? whole : bodyOf({ ...about, data: contentOf(type, event.data, 'thin')! });
    return {
      id: uuidv7({ msecs: this.clock.now().getTime() }),
      endpointId: endpoint.id,
      eventId: event.id,
      type: type.type,
      subject: event.subject,
      sequence,
      body,
      userIds: [...personIdsIn(data)],
      isTest: false,
      isBehind: endpoint.ordered,
    };
  }

  private async insert(tx: EntityManager, rows: readonly NewDelivery[]): Promise<void> {
    if (rows.length === 0) return;
    const createdAt = this.clock.now();
    const values = rows.map((row) => ({ ...row, state: 'waiting' as const, createdAt }));
    await tx.createQueryBuilder().insert().into(WebhookDelivery).values(values).execute();
  }
}

type NewDelivery = Pick<
  WebhookDelivery,
  'id' | 'endpointId' | 'eventId' | 'type' | 'subject' | 'sequence' | 'body' | 'userIds' | 'isTest' | 'isBehind'
>;

/** Byte by byte what is sent, now and at each replay. */
const bodyOf = (content: { type: string; timestamp: string; data: object; apiVersion: string; sequence: number }) =>
  JSON.stringify(content);

/** What is of no bot goes to no endpoint that is for some bots only. */
function isWanted({ types, botIds }: WebhookEndpoint, { type, event }: Pick<Wanted, 'type' | 'event'>): boolean {
  if (!types.includes(type.type)) return false;
  return !botIds || botIds.includes((event.data as { botId?: string } | null)?.botId ?? '');
}
