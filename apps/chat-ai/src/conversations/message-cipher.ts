import { Injectable } from '@nestjs/common';
import { PersonalData, type PersonalRow } from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';
import type { Conversation } from './conversation.entity';
import type { MessageContent } from './message-content';
import type { Message } from './message.entity';

/** A message as it is stored, as far as its content is concerned. */
export type StoredContent = Pick<Message, 'id' | 'userId' | 'text' | 'transcript' | 'quoted' | 'senderName'>;
type Owned = Pick<Conversation, 'id' | 'chatId' | 'userId'>;

/** Reads messages whose keys are at hand; undefined where the words are gone. Throws EncryptionKeyMissing. */
export type ContentReader = (message: StoredContent) => MessageContent | undefined;

/**
 * What people and assistants say is encrypted in the database. A message belongs to whoever wrote it, and an answer to whoever it
 * is for. The summary of a group's talk belongs to the group: it has a key that goes with the first member who is erased.
 */
@Injectable()
export class MessageCipher {
  constructor(private readonly personal: PersonalData) {}

  /** Throws PersonErased. */
  async seal(
    tx: EntityManager,
    message: Pick<Message, 'id' | 'userId'>,
    { text, transcript, quoted, senderName }: MessageContent,
  ): Promise<MessageContent> {
    const { sender_name, ...sealed } = await this.personal.encrypt(tx, rowOf(message), {
      text,
      transcript,
      quoted,
      sender_name: senderName,
    });
    return { ...sealed, senderName: sender_name };
  }

  /** Fetches the keys of all these messages, so that each can be read when it is wanted. */
  async reader(tx: EntityManager, messages: readonly StoredContent[]): Promise<ContentReader> {
    const decrypt = await this.personal.decrypter(
      tx,
      messages.flatMap(({ text, transcript, quoted, senderName }) => [text, transcript, quoted, senderName]),
    );
    return (message) => {
      const { text, transcript, quoted, senderName } = message;
      const read = decrypt(rowOf(message), { text, transcript, quoted, sender_name: senderName });
      if (read.text === undefined) return undefined;
      return {
        text: read.text,
        transcript: read.transcript ?? null,
        quoted: read.quoted ?? null,
        senderName: read.sender_name ?? null,
      };
    };
  }

  isErased(tx: EntityManager, userId: string): Promise<boolean> {
    return this.personal.isErased(tx, userId);
  }

  async destroyGroupKey(tx: EntityManager, chatId: string): Promise<void> {
    await this.personal.destroyShared(tx, chatId);
  }

  async sealSummary(tx: EntityManager, conversation: Owned, summary: string): Promise<string> {
    return (await this.personal.encrypt(tx, ownerOf(conversation), { summary })).summary;
  }

  /** Undefined where there is none, or none any more. */
  async openSummary(
    tx: EntityManager,
    conversation: Owned & Pick<Conversation, 'summary'>,
  ): Promise<string | undefined> {
    const { summary } = conversation;
    if (summary === null) return undefined;
    return (await this.personal.decrypt(tx, ownerOf(conversation), { summary })).summary;
  }
}

const rowOf = ({ id, userId }: Pick<Message, 'id' | 'userId'>): PersonalRow => ({ table: 'messages', id, userId });

const ownerOf = ({ id, chatId, userId }: Owned): PersonalRow => ({
  table: 'conversations',
  id,
  userId: userId ?? chatId,
});
