import { Inject, Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import { ErasureRequested, type EventOf, type IdentityLinked } from '@switchboard/contracts';
import { PersonalData } from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { CHANNEL_KINDS, type ChannelKinds } from '../channels/channels.service';
import { ChatAddresses } from './chat-addresses';
import { Chat } from './chat.entity';
import { Contact } from './contact.entity';

/** Whose an external id is, as the gateway says. */
type LinkedIdentity = Pick<EventOf<typeof IdentityLinked>['data'], 'channel' | 'externalId' | 'userId'>;

/** Takes over the ids of people who were known to the gateway before they wrote to a bot. */
@Injectable()
export class IdentitiesService {
  constructor(
    private readonly personal: PersonalData,
    private readonly addresses: ChatAddresses,
    private readonly outbox: Outbox,
    @Inject(CHANNEL_KINDS) private readonly kinds: ChannelKinds,
  ) {}

  /**
   * The person has this id from now on. Somebody who signed in and wrote at the same moment was given another one here: their
   * contacts and chats go on under the new one. What was written in between stays under the former, and is erased with the person.
   */
  async adopt(tx: EntityManager, { channel, externalId, userId }: LinkedIdentity): Promise<void> {
    if (!this.isServed(channel) || (await this.personal.isErased(tx, userId))) return;
    const externalHash = this.addresses.hash(channel, externalId);
    const [known] = await tx.query<{ user_id: string }[]>(
      // The update changes nothing and holds the row: whoever writes now waits, and is the person with the new id then.
      `INSERT INTO people (channel, external_hash, user_id) VALUES ($1, $2, $3)
       ON CONFLICT (channel, external_hash) DO UPDATE SET user_id = people.user_id RETURNING user_id`,
      [channel, externalHash, userId],
    );
    const former = known!.user_id;
    if (former === userId) return;
    await tx.query(
      `UPDATE people SET user_id = $3, former_ids = array_append(former_ids, user_id)
       WHERE channel = $1 AND external_hash = $2`,
      [channel, externalHash, userId],
    );
    await this.moveContacts(tx, { externalHash, former, userId });
    await this.moveChats(tx, { channel, former, userId });
  }

  /** The person has taken the id away. One by which they talk to a bot stays: the gateway lets none of those go. */
  async release(tx: EntityManager, { channel, externalId, userId }: LinkedIdentity): Promise<void> {
    await tx.query(
      `DELETE FROM people WHERE channel = $1 AND external_hash = $2 AND user_id = $3
         AND NOT EXISTS (SELECT FROM contacts WHERE contacts.external_hash = people.external_hash AND contacts.user_id = $3)`,
      [channel, this.addresses.hash(channel, externalId), userId],
    );
  }

  /** Before the rows of a person go: other services may have rows under an id that the person had here for a moment. */
  async eraseFormer(tx: EntityManager, userId: string): Promise<void> {
    const former = await tx.query<{ id: string }[]>(
      'SELECT DISTINCT unnest(former_ids) AS id FROM people WHERE user_id = $1',
      [userId],
    );
    for (const { id } of former) await this.outbox.add(tx, ErasureRequested({ erasureId: uuidv7(), userId: id }));
  }

  private async moveContacts(
    tx: EntityManager,
    { externalHash, former, userId }: { externalHash: string; former: string; userId: string },
  ): Promise<void> {
    const contacts = await tx.find(Contact, {
      where: { externalHash, userId: former },
      order: { id: 'ASC' },
      lock: { mode: 'pessimistic_write' },
    });
    for (const { id, profile } of contacts) {
      const read = await this.personal.tryDecrypt(tx, { table: 'contacts', id, userId: former }, { profile });
      // One that cannot be read comes anew with the next message.
      const values = { profile: read.profile ?? '{}' };
      const sealed = await this.personal.encrypt(tx, { table: 'contacts', id, userId }, values);
      await tx.update(Contact, id, { userId, ...sealed });
    }
  }

  private async moveChats(
    tx: EntityManager,
    { channel, former, userId }: { channel: string; former: string; userId: string },
  ): Promise<void> {
    const chats = await tx.find(Chat, {
      where: { channel, userId: former },
      order: { id: 'ASC' },
      lock: { mode: 'pessimistic_write' },
    });
    for (const chat of chats) {
      const moved = { ...chat, userId };
      const externalId = await this.addresses.encrypt(tx, moved, await this.addresses.decrypt(tx, chat));
      await tx.update(Chat, chat.id, { userId, externalId });
    }
  }

  private isServed(channel: string): boolean {
    return this.kinds.factories.some(({ kind }) => kind === channel);
  }
}
