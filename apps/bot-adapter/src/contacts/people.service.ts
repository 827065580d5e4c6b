import { Injectable } from '@nestjs/common';
import type {
  Actor,
  FindContacts,
  ListContacts,
  ListPersonDeliveries,
  ReadPersonContacts,
  ReadPersonProfile,
} from '@switchboard/contracts';
import { type AnswerOf, BlindIndex, PersonalData, type Position, type RequestOf } from '@switchboard/service-kit';
import { DataSource } from 'typeorm';
import { ChatAddresses } from './chat-addresses';
import { Chat } from './chat.entity';
import { nameHash, profileRowOf, readProfile, usernameHash } from './profile';

type Contact = AnswerOf<typeof ListContacts>['data'][number];
type ContactsOfPerson = AnswerOf<typeof ReadPersonContacts>;
type Profile = AnswerOf<typeof ReadPersonProfile>['profiles'][number];
type DeliveryOfPerson = AnswerOf<typeof ListPersonDeliveries>['data'][number];
type Wanted = RequestOf<typeof FindContacts>['body'];

/** A name that so many have is no way to find one of them. */
const FOUND_AT_MOST = 100;

/** People as staff see them: where they are, who they are with names masked, and what became of what was sent to them. */
@Injectable()
export class PeopleService {
  constructor(
    private readonly db: DataSource,
    private readonly personal: PersonalData,
    private readonly addresses: ChatAddresses,
    private readonly index: BlindIndex,
  ) {}

  /** Whoever came last first. */
  async list(
    botId: string | undefined,
    { bots }: Actor,
    position: Position | undefined,
    limit: number,
  ): Promise<Contact[]> {
    const [from, order] = position?.direction === 'prev' ? ['>', 'ASC'] : ['<', 'DESC'];
    const rows = await this.db.query<Row[]>(
      `${CONTACTS} WHERE ($1::text IS NULL OR p.bot_id = $1) AND ($2::text[] IS NULL OR p.bot_id = ANY($2))
         AND ($3::uuid IS NULL OR p.id ${from} $3) ORDER BY p.id ${order} LIMIT $4`,
      [botId ?? null, bots ?? null, position?.key[0] ?? null, limit],
    );
    return this.masked(rows);
  }

  /** By what they are known at their channel: exactly, because only hashes of it are compared. */
  async find(
    { channel, externalId, username, name, botId }: Wanted,
    { bots }: Actor,
  ): Promise<AnswerOf<typeof FindContacts>> {
    const [column, hash] =
      externalId !== undefined
        ? ['external_hash', this.addresses.hash(channel, externalId)]
        : username !== undefined
          ? ['username_hash', usernameHash(this.index, username)]
          : ['name_hash', nameHash(this.index, name!)];
    const rows = await this.db.query<Row[]>(
      `${CONTACTS} WHERE p.${column} = $1 AND h.channel = $2 AND ($3::text IS NULL OR p.bot_id = $3)
         AND ($4::text[] IS NULL OR p.bot_id = ANY($4)) ORDER BY p.id DESC LIMIT $5`,
      [hash, channel, botId ?? null, bots ?? null, FOUND_AT_MOST + 1],
    );
    const contacts = await this.masked(rows.slice(0, FOUND_AT_MOST));
    return { contacts, isCut: rows.length > FOUND_AT_MOST };
  }

  async contactsOf(userId: string, { bots }: Actor): Promise<ContactsOfPerson> {
    const seen = [userId, bots ?? null];
    const [rows, chats] = await Promise.all([
      this.db.query<Row[]>(
        `${CONTACTS} WHERE p.user_id = $1 AND ($2::text[] IS NULL OR p.bot_id = ANY($2)) ORDER BY p.id`,
        seen,
      ),
      this.chatsOf(userId, bots),
    ]);
    return { contacts: await this.masked(rows), chats: chats.map((chat) => ({ ...chat, chatId: chat.id })) };
  }

  /** In full, for who has a reason. */
  async profilesOf(userId: string, { bots }: Actor): Promise<Profile[]> {
    const rows = await this.db.query<Row[]>(
      `${CONTACTS} WHERE p.user_id = $1 AND ($2::text[] IS NULL OR p.bot_id = ANY($2)) ORDER BY p.id`,
      [userId, bots ?? null],
    );
    const [profiles, chats] = [await this.profiles(rows), await this.chatsOf(userId, bots)];
    const ids = new Map<string, string>();
    for (const chat of chats) ids.set(chat.id, await this.addresses.decrypt(this.db.manager, chat));
    return rows.map(({ botId, channel, chatId }, i) => ({
      botId,
      channel,
      name: profiles[i]?.name ?? null,
      username: profiles[i]?.username ?? null,
      externalId: (chatId && ids.get(chatId)) ?? null,
    }));
  }

  /** The latest first. */
  deliveriesOf(
    userId: string,
    { bots }: Actor,
    state: string | undefined,
    position: Position | undefined,
    limit: number,
  ): Promise<(DeliveryOfPerson & { seq: string })[]> {
    const [from, order] = position?.direction === 'prev' ? ['>', 'ASC'] : ['<', 'DESC'];
    return this.db.query(
      `SELECT d.id, d.seq, c.bot_id AS "botId", d.chat_id AS "chatId", d.kind, d.cause_id AS "causeId", d.state, d.reason,
         cardinality(d.external_message_ids) AS parts, d.tries, d.queued_at AS "queuedAt", d.finished_at AS "finishedAt"
       FROM deliveries d JOIN chats c ON c.id = d.chat_id
       WHERE d.user_id = $1 AND ($2::text[] IS NULL OR c.bot_id = ANY($2)) AND ($3::text IS NULL OR d.state = $3)
         AND ($4::bigint IS NULL OR d.seq ${from} $4) ORDER BY d.seq ${order} LIMIT $5`,
      [userId, bots ?? null, state ?? null, position?.key[0] ?? null, limit],
    );
  }

  /** Private ones, and not those that go on elsewhere. */
  private async chatsOf(userId: string, bots: readonly string[] | undefined): Promise<Chat[]> {
    const chats = await this.db.manager.find(Chat, { where: { userId, kind: 'private' }, order: { id: 'ASC' } });
    return chats.filter(({ botId, movedTo }) => movedTo === null && (!bots || bots.includes(botId)));
  }

  private async masked(rows: readonly Row[]): Promise<Contact[]> {
    const profiles = await this.profiles(rows);
    return rows.map(({ id, profile: _profile, chatId: _chatId, ...row }, i) => {
      const { name } = profiles[i] ?? {};
      return { ...row, contactId: id, name: name === undefined ? null : maskedName(name) };
    });
  }

  private async profiles(rows: readonly Row[]) {
    const read = await this.personal.decryptAll(
      this.db.manager,
      rows.map(({ profile, ...row }) => ({ row: profileRowOf(row), values: { profile } })),
    );
    return read.map(({ profile }) => readProfile(profile));
  }
}

interface Row extends Omit<Contact, 'contactId' | 'name'> {
  readonly id: string;
  readonly chatId: string | null;
  /** Encrypted. */
  readonly profile: string;
}

/** Each with its private chat: a person may write to a bot from two accounts, and most channels give chat and account one id. */
const CONTACTS = `
  SELECT p.id, p.user_id AS "userId", p.bot_id AS "botId", h.channel, p.profile, p.started_at AS "startedAt",
    c.id AS "chatId", c.blocked_at AS "blockedAt"
  FROM contacts p JOIN people h ON h.user_id = p.user_id AND h.external_hash = p.external_hash
  LEFT JOIN LATERAL (
    SELECT id, blocked_at FROM chats WHERE bot_id = p.bot_id AND user_id = p.user_id AND moved_to IS NULL
    ORDER BY external_hash = p.external_hash DESC, id LIMIT 1
  ) c ON TRUE`;

/** `Anna Petrova` → `A••• P•••`: enough to tell two people of a list apart. */
const maskedName = (name: string): string =>
  name
    .split(/\s+/)
    .filter(Boolean)
    .map((word) => `${[...word][0]}•••`)
    .join(' ');
