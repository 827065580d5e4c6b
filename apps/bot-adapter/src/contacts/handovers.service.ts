import { Injectable } from '@nestjs/common';
import type { EventOf, HandoverBegan } from '@switchboard/contracts';
import { Clock } from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';
import { Chat } from './chat.entity';
import { ContactsService } from './contacts.service';

/** Somebody answers already: what the assistant is still about to say comes too late. */
const TAKEN_OVER: readonly string[] = ['staff', 'foreign_reply'];

export const isTakenOver = ({ reason }: EventOf<typeof HandoverBegan>['data']): boolean => TAKEN_OVER.includes(reason);

/** In which chats staff answer in place of the assistant, as chat-ai says. */
@Injectable()
export class HandoversService {
  constructor(
    private readonly contacts: ContactsService,
    private readonly clock: Clock,
  ) {}

  /** Staff are told until when they may write there, where the channel ends that. */
  async begin(tx: EntityManager, chatId: string, until: Date): Promise<void> {
    const chat = await this.write(tx, chatId, until);
    if (chat) await this.contacts.tellWindow(tx, chat);
  }

  async end(tx: EntityManager, chatId: string): Promise<void> {
    await this.write(tx, chatId, null);
  }

  isHandedOver({ handedOverUntil }: Chat): boolean {
    return handedOverUntil !== null && handedOverUntil > this.clock.now();
  }

  private async write(tx: EntityManager, chatId: string, handedOverUntil: Date | null): Promise<Chat | null> {
    const chat = await this.contacts.presentChat(tx, chatId);
    if (chat) await tx.update(Chat, chat.id, { handedOverUntil });
    return chat;
  }
}
