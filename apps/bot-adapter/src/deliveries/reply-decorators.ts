import { Injectable } from '@nestjs/common';
import type { EventOf, ReplyCompleted } from '@switchboard/contracts';
import type { EntityManager } from 'typeorm';
import type { Button } from '../channels/channel';
import type { Chat } from '../contacts/chat.entity';

export type Reply = EventOf<typeof ReplyCompleted>['data'];

/** What those above may put on answers. */
export interface ReplyDecorator {
  /** Rows of buttons of which the text of a finished answer speaks; they come before all others. */
  sayNext(tx: EntityManager, chat: Chat, reply: Reply): Promise<Button[][]>;
  /**
   * Rows of buttons under the last message of a finished answer, and whatever else is to be done in the transaction in which it
   * is queued.
   */
  finished(tx: EntityManager, chat: Chat, reply: Reply): Promise<Button[][]>;
  /** The button that asks for the voice of an answer. */
  listen(chat: Chat, replyId: string): Button;
  /** The button that stops an answer which is being written; none where it is not known who may press it. */
  stop(
    tx: EntityManager,
    chat: Chat,
    reply: { replyId: string; askedBy: string | undefined },
  ): Promise<Button | undefined>;
}

/** Where those above say what they put on answers: those who show answers know none of them. */
@Injectable()
export class ReplyDecorators {
  private readonly added: Partial<ReplyDecorator>[] = [];

  /** From now on answers are given to it, after those that were added before. */
  add(decorator: Partial<ReplyDecorator>): void {
    this.added.push(decorator);
  }

  /** All that are offered of one kind, in the order in which they were added. */
  get<Kind extends keyof ReplyDecorator>(kind: Kind): ReplyDecorator[Kind][] {
    return this.added.flatMap((decorator) => decorator[kind] ?? []) as ReplyDecorator[Kind][];
  }
}
