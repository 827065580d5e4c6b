import { Injectable } from '@nestjs/common';
import type { ListDeskStaff, Locale, PutDeskStaff } from '@switchboard/contracts';
import { type AnswerOf, Clock, DomainError, type RequestOf } from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';
import { AssistantsService } from '../assistants/assistants.service';
import { DeskFeed } from './desk-feed';

export class StaffNotOnDesk extends DomainError {
  constructor() {
    super('chat-ai.staff_not_on_desk', 'Nobody on the desk fits', 422);
  }
}

class NotOnDesk extends DomainError {
  constructor(brandId: string) {
    super('chat-ai.not_on_desk', 'You are not on the desk of this shop', 403, { brandId });
  }
}

type Member = AnswerOf<typeof ListDeskStaff>['data'][number];
type Place = RequestOf<typeof PutDeskStaff>['body'];

/** Whom a ticket is for. */
interface Wanted {
  readonly brandId: string;
  readonly team: string | null;
  readonly language: Locale;
}

const MEMBER = `
  staff_id AS "staffId", brand_id AS "brandId", teams, languages, max_load AS "maxLoad", available, seen_at AS "seenAt", revision,
  (SELECT count(*)::int FROM desk_tickets t WHERE t.brand_id = desk_staff.brand_id AND t.assignee = desk_staff.staff_id
     AND t.closed_at IS NULL AND t.state IN ('open', 'waiting')) AS load`;

/** Who is on the desk of a shop, and who of them is given the next ticket. */
@Injectable()
export class DeskStaffService {
  constructor(
    private readonly assistants: AssistantsService,
    private readonly clock: Clock,
    private readonly feed: DeskFeed,
  ) {}

  list(tx: EntityManager, brandId: string): Promise<Member[]> {
    return tx.query<Member[]>(`SELECT ${MEMBER} FROM desk_staff WHERE brand_id = $1 ORDER BY staff_id`, [brandId]);
  }

  /** @throws BotNotFound */
  async put(tx: EntityManager, brandId: string, staffId: string, place: Place): Promise<Member> {
    this.assistants.require(brandId);
    const { teams, languages, maxLoad } = place;
    await tx.query(
      `INSERT INTO desk_staff (staff_id, brand_id, teams, languages, max_load) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (brand_id, staff_id) DO UPDATE SET teams = excluded.teams, languages = excluded.languages,
         max_load = excluded.max_load, revision = desk_staff.revision + 1`,
      [staffId, brandId, teams, languages, maxLoad],
    );
    return this.changed(tx, brandId, staffId);
  }

  /** Their open tickets are nobody's then, and are to be given to others. */
  async remove(tx: EntityManager, brandId: string, staffId: string): Promise<void> {
    await tx.query('DELETE FROM desk_staff WHERE brand_id = $1 AND staff_id = $2', [brandId, staffId]);
    await tx.query(
      `UPDATE desk_tickets SET assignee = NULL, revision = revision + 1
       WHERE brand_id = $1 AND assignee = $2 AND closed_at IS NULL`,
      [brandId, staffId],
    );
    await this.feed.add(tx, { brandId, botId: brandId, topic: 'staff', staffId });
  }

  /** @throws NotOnDesk */
  async setAvailability(tx: EntityManager, brandId: string, staffId: string, available: boolean): Promise<Member> {
    const [, changed] = await tx.query<[unknown[], number]>(
      `UPDATE desk_staff SET available = $3, seen_at = $4, revision = revision + 1 WHERE brand_id = $1 AND staff_id = $2`,
      [brandId, staffId, available, this.clock.now()],
    );
    if (changed === 0) throw new NotOnDesk(brandId);
    return this.changed(tx, brandId, staffId);
  }

  async seen(tx: EntityManager, brandId: string, staffId: string): Promise<void> {
    await tx.query('UPDATE desk_staff SET seen_at = $3 WHERE brand_id = $1 AND staff_id = $2', [
      ...[brandId, staffId, this.clock.now()],
    ]);
  }

  /**
   * The one who is available, knows the language, and has the fewest open tickets, if they may have more. Whoever asks next waits
   * until this one is given away.
   */
  async leastLoaded(tx: EntityManager, { brandId, team, language }: Wanted): Promise<string | null> {
    await tx.query('SELECT FROM desk_staff WHERE brand_id = $1 ORDER BY staff_id FOR UPDATE', [brandId]);
    const members = await this.list(tx, brandId);
    const free = members.filter(
      ({ available, teams, languages, load, maxLoad }) =>
        available &&
        load < maxLoad &&
        (team === null || teams.includes(team)) &&
        (languages.length === 0 || languages.includes(language)),
    );
    const [first] = free.toSorted((a, b) => a.load - b.load || a.staffId.localeCompare(b.staffId));
    return first?.staffId ?? null;
  }

  /** @throws StaffNotOnDesk for a member or a team that is not on it */
  async check(
    tx: EntityManager,
    { brandId, team, assignee }: Pick<Wanted, 'brandId' | 'team'> & { readonly assignee: string | null },
  ): Promise<void> {
    if (team === null && assignee === null) return;
    const members = await this.list(tx, brandId);
    const isKnown = assignee === null || members.some(({ staffId }) => staffId === assignee);
    const isTeam = team === null || members.some(({ teams }) => teams.includes(team));
    if (!isKnown || !isTeam) throw new StaffNotOnDesk();
  }

  private async changed(tx: EntityManager, brandId: string, staffId: string): Promise<Member> {
    const members = await this.list(tx, brandId);
    await this.feed.add(tx, { brandId, botId: brandId, topic: 'staff', staffId });
    return members.find((member) => member.staffId === staffId)!;
  }
}
