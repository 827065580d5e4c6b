import { Injectable } from '@nestjs/common';
import { type RecordUiEvents, uiEvents } from '@switchboard/contracts';
import { type AnswerOf, Clock, DomainError, type RequestOf } from '@switchboard/service-kit';
import { DataSource, type EntityManager } from 'typeorm';
import { EventStore } from '../events/event-store.service';
import { EventsService, type UnfitRow } from '../events/events.service';
import { OLDEST_MS, type ReadEvent, readUiEvent } from '../events/read-event';

export class NotAPerson extends DomainError {
  constructor() {
    super('analytics.not_a_person', 'Only people have something to tell of themselves', 403);
  }
}

export class UiEventsTooLarge extends DomainError {
  constructor() {
    super('analytics.ui_events_too_large', `A post has ${MOST_BYTES} bytes at most`, 413, { limit: MOST_BYTES });
  }
}

type Post = RequestOf<typeof RecordUiEvents>['body'];
type Outcome = AnswerOf<typeof RecordUiEvents>;
type UiEvent = Post['events'][number];

const MOST_BYTES = 64 * 1024;
/** What a post takes on its way is no reason to correct its times. */
const CLOCK_IS_WRONG_MS = 60_000;

const NOTHING: Outcome = { stored: 0, known: 0, quarantined: 0 };

const definitions = new Map(uiEvents.map((definition) => [definition.type, definition]));

/** What pages say people did on them. */
@Injectable()
export class UiEventsService {
  constructor(
    private readonly db: DataSource,
    private readonly events: EventsService,
    private readonly store: EventStore,
    private readonly clock: Clock,
  ) {}

  /** Keeps what a person's page has posted, each event once; nothing at all of somebody who does not want it. */
  async record({ actor, headers, body }: RequestOf<typeof RecordUiEvents>): Promise<Outcome> {
    if (actor.kind !== 'person') throw new NotAPerson();
    if (Buffer.byteLength(JSON.stringify(body)) > MOST_BYTES) throw new UiEventsTooLarge();
    if (headers.dnt === '1' || headers['sec-gpc'] === '1') return NOTHING;
    return this.db.transaction((tx) => this.recordFor(tx, actor.id, body));
  }

  private async recordFor(tx: EntityManager, userId: string, post: Post): Promise<Outcome> {
    const consenting = await this.store.consenting(tx, [{ row: { user_id: userId } }]);
    if (!consenting.has(userId)) return NOTHING;
    const fresh = await this.fresh(tx, userId, post.events);
    const fit: ReadEvent[] = [];
    const unfit: UnfitRow[] = [];
    for (const event of fresh) {
      const read = this.read(userId, post, event);
      if ('reason' in read) unfit.push(read);
      else fit.push(read);
    }
    await this.events.quarantine(tx, unfit);
    const { stored } = fit.length > 0 ? await this.events.keep(tx, fit) : { stored: 0 };
    return { stored, known: post.events.length - stored - unfit.length, quarantined: unfit.length };
  }

  /** Those that were not stored before, whatever times they had then; two posts of one person at once wait for each other. */
  private async fresh(tx: EntityManager, userId: string, events: readonly UiEvent[]): Promise<UiEvent[]> {
    await tx.query(`SELECT pg_advisory_xact_lock(hashtext('ui events'), hashtext($1))`, [userId]);
    const rows = await tx.query<{ event_id: string }[]>(
      'SELECT event_id FROM events WHERE user_id = $1 AND event_id = ANY($2::uuid[]) AND occurred_at > $3',
      [userId, events.map(({ id }) => id), new Date(this.clock.now().getTime() - 2 * OLDEST_MS)],
    );
    const known = new Set(rows.map(({ event_id }) => event_id));
    return events.filter(({ id }) => {
      const key = id.toLowerCase();
      return !known.has(key) && known.add(key);
    });
  }

  private read(userId: string, post: Post, { id, type, at, data }: UiEvent): ReadEvent | UnfitRow {
    const now = this.clock.now();
    const ahead = post.sentAt.getTime() - now.getTime();
    const corrected = Math.abs(ahead) < CLOCK_IS_WRONG_MS ? at : new Date(at.getTime() - ahead);
    const place = { event_id: id, occurred_at: corrected.toISOString(), source: post.app };
    const definition = definitions.get(type);
    if (!definition) return { ...place, type, reason: 'unknown_type', detail: 'no contract describes it' };
    const { sessionId, tzOffset, platform, appVersion, locale, experiments } = post;
    const page = { session_id: sessionId, tz_offset: tzOffset, platform, app_version: appVersion, locale, experiments };
    const read = readUiEvent(definition, { ...place, ...page, user_id: userId, data }, now);
    return 'reason' in read ? { ...place, type, ...read } : read;
  }
}
