import { Injectable } from '@nestjs/common';
import { Clock, DomainError } from '@switchboard/service-kit';
import { type EntityManager, IsNull } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { randomCode } from '../random-code';
import { TrialsService } from '../subscriptions/trials.service';
import { TermsService } from '../terms/terms.service';
import { Partner } from './partner.entity';
import { Referral, type Refusal } from './referral.entity';
import { TrackedLink } from './tracked-link.entity';

class ReferralNotFound extends DomainError {
  constructor() {
    super('payments.referral_not_found', { en: 'Nobody has this code.', ru: 'Такого кода нет.' }, 404);
  }
}
class ReferralNotNew extends DomainError {
  constructor() {
    const texts = {
      en: 'Who has invited you counts only when you are new.',
      ru: 'Приглашение учитывается только у новых пользователей.',
    };
    super('payments.referral_not_new', texts, 409);
  }
}
class ReferralOwn extends DomainError {
  constructor() {
    super('payments.referral_own', { en: 'Nobody invites themselves.', ru: 'Пригласить себя нельзя.' }, 409);
  }
}
class ReferralLimit extends DomainError {
  constructor() {
    const texts = {
      en: 'Too many people came by this invitation today.',
      ru: 'Сегодня по этому приглашению пришло слишком много людей.',
    };
    super('payments.referral_limit', texts, 409);
  }
}
const REFUSALS = { own: ReferralOwn, not_new: ReferralNotNew, limit: ReferralLimit } as const;

export class NotAPartner extends DomainError {
  constructor() {
    super('payments.not_a_partner', { en: 'You are no partner here.', ru: 'Вы не партнёр.' }, 403);
  }
}
class LinkExists extends DomainError {
  constructor() {
    super('payments.link_exists', { en: 'You have such a link.', ru: 'Такая ссылка уже есть.' }, 409);
  }
}
class TooManyLinks extends DomainError {
  constructor() {
    super('payments.too_many_links', { en: 'You have too many links.', ru: 'Слишком много ссылок.' }, 409);
  }
}
class LinkNotFound extends DomainError {
  constructor() {
    super('payments.link_not_found', { en: 'There is no such link.', ru: 'Такой ссылки нет.' }, 404);
  }
}

const CODE_LENGTH = 8;
const PREFIX = 'ref_';
const HOUR_MS = 3_600_000;
const LINKS_AT_MOST = 200;
/** Rings with more members than that are not found. */
const LONGEST_RING = 200;

/** What a bot is told by whoever follows the link. */
export const startParameterOf = ({ code }: Pick<TrackedLink, 'code'>): string => `${PREFIX}${code}`;

const codeIn = (startParameter: string | undefined): string | undefined =>
  startParameter?.startsWith(PREFIX) ? startParameter.slice(PREFIX.length) : undefined;

/** Who has brought whom to a bot: said once by each person, at the first contact or soon after it, and for ever. */
@Injectable()
export class ReferralsService {
  constructor(
    private readonly terms: TermsService,
    private readonly trials: TrialsService,
    private readonly clock: Clock,
  ) {}

  /** The link that everybody has with a bot. */
  async ownLink(tx: EntityManager, userId: string, botId: string): Promise<TrackedLink> {
    return (await this.link(tx, userId, botId, null)).link;
  }

  /** Another one, of a partner. @throws NotAPartner, LinkExists, TooManyLinks */
  async addLink(tx: EntityManager, userId: string, botId: string, label: string): Promise<TrackedLink> {
    if (!(await this.partner(tx, userId, botId))) throw new NotAPartner();
    if ((await tx.countBy(TrackedLink, { userId, botId })) >= LINKS_AT_MOST) throw new TooManyLinks();
    const { link, isNew } = await this.link(tx, userId, botId, label);
    if (!isNew) throw new LinkExists();
    return link;
  }

  /** @throws LinkNotFound */
  async endLink(tx: EntityManager, userId: string, linkId: string): Promise<void> {
    const endedAt = this.clock.now();
    const { affected } = await tx.update(TrackedLink, { id: linkId, userId, endedAt: IsNull() }, { endedAt });
    if (affected === 0 && !(await tx.existsBy(TrackedLink, { id: linkId, userId }))) throw new LinkNotFound();
  }

  /** Undefined of whoever has no terms of their own now. */
  async partner(tx: EntityManager, userId: string, botId: string): Promise<Partner | undefined> {
    return (await tx.findOneBy(Partner, { botId, userId, endedAt: IsNull() })) ?? undefined;
  }

  /** Somebody wrote to a bot for the first time. Who came without an invitation came by themselves. */
  async met(tx: EntityManager, botId: string, userId: string, startParameter: string | undefined): Promise<void> {
    await this.hold(tx, botId);
    const isNew = await this.note(tx, botId, userId);
    const code = codeIn(startParameter);
    const link = code === undefined || !isNew ? undefined : await this.find(tx, botId, code);
    if (link) await this.decide(tx, botId, userId, link);
  }

  /**
   * A person says by a code who has invited them.
   * @returns whether it counts from now on; false of what was said before
   * @throws what `UseReferral` may answer
   */
  async use(tx: EntityManager, botId: string, userId: string, code: string): Promise<boolean> {
    await this.hold(tx, botId);
    const terms = await this.terms.referrals(tx, botId);
    const link = await this.find(tx, botId, codeIn(code) ?? code);
    if (!terms || !link) throw new ReferralNotFound();
    await this.note(tx, botId, userId);
    const referral = await tx.findOneByOrFail(Referral, { botId, userId });
    if (referral.linkId === link.id) return false;
    const isLate = this.clock.now().getTime() - referral.metAt.getTime() > terms.newHours * HOUR_MS;
    if (referral.linkId !== null || isLate) throw new ReferralNotNew();
    const refused = await this.decide(tx, botId, userId, link);
    // That somebody tried to close a ring is kept, so it is no error by which it would be forgotten.
    if (refused !== undefined && refused !== 'ring') throw new REFUSALS[refused]();
    return refused === undefined;
  }

  /** Who has brought a person, who had brought those, and so on; the nearest first. */
  async invitersOf(tx: EntityManager, botId: string, userId: string, levels: number): Promise<string[]> {
    const rows = await tx.query<{ id: string }[]>(
      `WITH RECURSIVE up AS (
         SELECT inviter_id AS id, 1 AS level FROM referrals
         WHERE bot_id = $1 AND user_id = $2 AND refused IS NULL AND inviter_id IS NOT NULL
         UNION ALL
         SELECT r.inviter_id, level + 1 FROM up JOIN referrals r ON r.bot_id = $1 AND r.user_id = up.id
         WHERE r.refused IS NULL AND r.inviter_id IS NOT NULL AND level < $3)
       SELECT id FROM up ORDER BY level`,
      [botId, userId, levels],
    );
    return rows.map(({ id }) => id);
  }

  /** What is said to one bot is decided one after the other: two people at a time could close a ring unseen. */
  private hold(tx: EntityManager, botId: string): Promise<unknown> {
    return tx.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`referrals ${botId}`]);
  }

  private async note(tx: EntityManager, botId: string, userId: string): Promise<boolean> {
    const made = await tx.query<unknown[]>(
      `INSERT INTO referrals (bot_id, user_id, met_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING 1`,
      [botId, userId, this.clock.now()],
    );
    return made.length > 0;
  }

  private async find(tx: EntityManager, botId: string, code: string): Promise<TrackedLink | null> {
    return tx.findOneBy(TrackedLink, { botId, code: code.toUpperCase(), endedAt: IsNull() });
  }

  /** @returns why it does not count */
  private async decide(tx: EntityManager, botId: string, userId: string, link: TrackedLink) {
    const refused = await this.refusal(tx, botId, userId, link);
    const inviterId = refused === undefined ? link.userId : null;
    const invited = { linkId: link.id, inviterId, invitedAt: this.clock.now(), refused: refused ?? null };
    await tx.update(Referral, { botId, userId }, invited);
    if (refused === undefined) await tx.increment(TrackedLink, { id: link.id }, 'invited', 1);
    return refused;
  }

  private async refusal(
    tx: EntityManager,
    botId: string,
    userId: string,
    { userId: inviterId }: TrackedLink,
  ): Promise<Refusal | undefined> {
    if (await this.trials.areSame(tx, userId, inviterId)) return 'own';
    const [facts] = await tx.query<[{ paid: boolean; today: number }]>(
      `SELECT EXISTS (SELECT FROM orders WHERE user_id = $2 AND bot_id = $1 AND paid_at IS NOT NULL) AS paid,
         (SELECT count(*) FROM referrals WHERE bot_id = $1 AND inviter_id = $3 AND invited_at > $4)::int AS today`,
      [botId, userId, inviterId, new Date(this.clock.now().getTime() - 24 * HOUR_MS)],
    );
    if (facts.paid) return 'not_new';
    const above = await this.invitersOf(tx, botId, inviterId, LONGEST_RING);
    if (above.includes(userId)) {
      await this.breakRing(tx, botId, [inviterId, ...above.slice(0, above.indexOf(userId))]);
      return 'ring';
    }
    const { maxPerDay } = (await this.terms.referrals(tx, botId)) ?? { maxPerDay: 0 };
    return facts.today >= maxPerDay ? 'limit' : undefined;
  }

  /** Of people who have brought each other in a circle nobody has brought anybody. */
  private async breakRing(tx: EntityManager, botId: string, userIds: readonly string[]): Promise<void> {
    await tx.query(
      `WITH broken AS (UPDATE referrals SET refused = 'ring' WHERE bot_id = $1 AND user_id = ANY($2) AND refused IS NULL
         RETURNING link_id)
       UPDATE tracked_links l SET invited = invited - n FROM (SELECT link_id, count(*) AS n FROM broken GROUP BY 1) b
       WHERE l.id = b.link_id`,
      [botId, userIds],
    );
  }

  private async link(tx: EntityManager, userId: string, botId: string, label: string | null) {
    const known = () => tx.findOneBy(TrackedLink, { userId, botId, label: label ?? IsNull() });
    const former = await known();
    if (former) return { link: former, isNew: false };
    for (;;) {
      const about = { id: uuidv7(), botId, userId, label, invited: 0, createdAt: this.clock.now(), endedAt: null };
      const link = tx.create(TrackedLink, { ...about, code: randomCode(CODE_LENGTH) });
      // Another request may have made it, or somebody may have the same code.
      const { raw } = await tx
        .createQueryBuilder()
        .insert()
        .into(TrackedLink)
        .values(link)
        .orIgnore()
        .returning('id')
        .execute();
      if ((raw as unknown[]).length > 0) return { link, isNew: true };
      const other = await known();
      if (other) return { link: other, isNew: false };
    }
  }
}
