import { Injectable } from '@nestjs/common';
import { BlindIndex, FieldCipher, PersonalData } from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';
import type { Chat } from './chat.entity';

const PLACE = 'chats.external_id';

type Addressed = Pick<Chat, 'id' | 'kind' | 'userId' | 'externalId'>;

/**
 * The channel's ids of people and chats: found by a keyed hash, and encrypted where they are needed to write there. That of a
 * private chat belongs to its person. That of a group names nobody, and the group outlives each member: it is encrypted with a
 * key of the installation.
 */
@Injectable()
export class ChatAddresses {
  constructor(
    private readonly personal: PersonalData,
    private readonly cipher: FieldCipher,
    private readonly index: BlindIndex,
  ) {}

  /** By which a person or a chat of a channel is found. */
  hash(channel: string, externalId: string): string {
    return this.index.hash('external-id', channel, externalId);
  }

  async encrypt(tx: EntityManager, chat: Omit<Addressed, 'externalId'>, externalId: string): Promise<string> {
    if (chat.userId === null) return this.cipher.encrypt(externalId, PLACE, chat.id);
    const sealed = await this.personal.encrypt(tx, rowOf(chat.id, chat.userId), { external_id: externalId });
    return sealed.external_id;
  }

  /** Throws EncryptionKeyMissing. */
  async decrypt(tx: EntityManager, { id, userId, externalId }: Addressed): Promise<string> {
    if (userId === null) return this.cipher.decrypt(externalId, PLACE, id);
    const read = await this.personal.decrypt(tx, rowOf(id, userId), { external_id: externalId });
    if (read.external_id === undefined) throw new Error('the address of a chat cannot be read any more');
    return read.external_id;
  }
}

const rowOf = (id: string, userId: string) => ({ table: 'chats', id, userId });
