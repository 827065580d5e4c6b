import { Injectable } from '@nestjs/common';
import { asksForCustomers, FindCustomers, type PeopleCriteria, type Segment } from '@switchboard/contracts';
import { BlindIndex, Clock, ServiceClient } from '@switchboard/service-kit';
import { DataSource } from 'typeorm';
import { startHash } from '../contacts/profile';

/** Some people of a segment. */
export interface SegmentPage {
  readonly people: readonly { readonly userId: string; readonly isReached: boolean }[];
  /** Up to whom the bot's people were looked at; null: to the last. */
  readonly next: string | null;
}

const AT_ONCE = 500;
/** Payments looks at so many people by its indexes; whoever waits for it has a job, or a page with a spinner. */
const CUSTOMERS_TIMEOUT_MS = 10_000;
const DAY_MS = 86_400_000;

/** Who the people of a segment are, in the order of their ids: whoever stops goes on from the last one. */
@Injectable()
export class SegmentsService {
  constructor(
    private readonly db: DataSource,
    private readonly services: ServiceClient,
    private readonly index: BlindIndex,
    private readonly clock: Clock,
  ) {}

  /**
   * Everybody has a private chat with the bot. `isReached`: they want news, and the bot may write to them.
   * @throws what a call of another service throws
   */
  async page(botId: string, segment: Segment, after: string | null, signal?: AbortSignal): Promise<SegmentPage> {
    if (!asksForCustomers(segment)) {
      const rows = await this.looked(botId, segment.people, { after });
      return { people: rows.filter(({ fits }) => fits), next: rows.length < AT_ONCE ? null : rows.at(-1)!.userId };
    }
    const { userIds, next } = await this.services.call(
      FindCustomers,
      { body: { botId, criteria: segment.customers!, after, limit: AT_ONCE } },
      { timeoutMs: CUSTOMERS_TIMEOUT_MS, ...(signal && { signal }) },
    );
    const rows = userIds.length === 0 ? [] : await this.looked(botId, segment.people, { userIds });
    return { people: rows.filter(({ fits }) => fits), next };
  }

  private looked(
    botId: string,
    criteria: PeopleCriteria = {},
    { after = null, userIds = null }: { after?: string | null; userIds?: readonly string[] | null },
  ): Promise<{ userId: string; fits: boolean; isReached: boolean }[]> {
    const now = this.clock.now();
    const daysAgo = (days: number | undefined) => (days === undefined ? null : new Date(now.getTime() - days * DAY_MS));
    const { languages, channels, firstSeen, lastSeen, cameBy } = criteria;
    return this.db.query(LOOKED, [
      ...[botId, after, userIds, now, languages ?? null, channels ?? null],
      ...[daysAgo(firstSeen?.within), daysAgo(firstSeen?.before), daysAgo(lastSeen?.within), daysAgo(lastSeen?.before)],
      cameBy?.map((parameter) => startHash(this.index, parameter)) ?? null,
    ]);
  }
}

/** Whoever was written to last by a person's several accounts is the chat; any of them that wants no news speaks for all. */
const LOOKED = `
  WITH looked AS MATERIALIZED (
    SELECT DISTINCT user_id FROM contacts WHERE bot_id = $1 AND ($2::uuid IS NULL OR user_id > $2)
      AND ($3::uuid[] IS NULL OR user_id = ANY($3)) ORDER BY user_id LIMIT ${AT_ONCE})
  SELECT looked.user_id AS "userId",
    coalesce(h.blocked_at IS NULL AND k.news AND NOT EXISTS (
      SELECT FROM restricted_people r WHERE r.user_id = looked.user_id AND (r.bot_id IS NULL OR r.bot_id = $1) AND r.until > $4), false) AS "isReached",
    h.id IS NOT NULL
      AND ($5::text[] IS NULL OR h.locale = ANY($5) OR split_part(h.locale, '-', 1) = ANY($5))
      AND ($6::text[] IS NULL OR h.channel = ANY($6))
      AND ($7::timestamptz IS NULL OR k.first_at >= $7) AND ($8::timestamptz IS NULL OR k.first_at < $8)
      AND ($9::timestamptz IS NULL OR k.last_at >= $9) AND ($10::timestamptz IS NULL OR k.last_at < $10)
      AND ($11::text[] IS NULL OR EXISTS (
        SELECT FROM contacts c WHERE c.bot_id = $1 AND c.user_id = looked.user_id AND c.start_hashes && $11)) AS fits
  FROM looked
  CROSS JOIN LATERAL (SELECT bool_and(news) AS news, min(started_at) AS first_at, max(flood_at) AS last_at
    FROM contacts c WHERE c.bot_id = $1 AND c.user_id = looked.user_id) k
  LEFT JOIN LATERAL (SELECT id, locale, channel, blocked_at FROM chats
    WHERE user_id = looked.user_id AND bot_id = $1 AND kind = 'private' AND moved_to IS NULL
    ORDER BY blocked_at IS NOT NULL, id DESC LIMIT 1) h ON true
  ORDER BY looked.user_id`;
