import { Injectable } from '@nestjs/common';
import { PermanentError } from '@switchboard/bus';
import type { EventOf, ReplyCompleted } from '@switchboard/contracts';
import type { EntityManager } from 'typeorm';
import { Callbacks } from '../callbacks/callbacks.service';
import { Channels } from '../channels/channels';
import { Chat } from '../contacts/chat.entity';
import { Speeches } from '../speech/speeches.service';
import { Deliveries } from './deliveries.service';

type Reply = EventOf<typeof ReplyCompleted>['data'];

/** Outcomes that are real answers; all others are apologies, which nobody wishes to hear read aloud. */
const WORTH_HEARING: readonly Reply['outcome'][] = ['answered', 'knowledge_only', 'cut_off'];

/** Turns finished answers into deliveries, with a voice where the chat wants one, or a button that asks for it. */
@Injectable()
export class Replies {
  constructor(
    private readonly deliveries: Deliveries,
    private readonly callbacks: Callbacks,
    private readonly speeches: Speeches,
    private readonly channels: Channels,
  ) {}

  async deliver(tx: EntityManager, { replyId, chatId, userId, locale, text: markdown, outcome }: Reply): Promise<void> {
    const chat = await tx.findOneBy(Chat, { id: chatId });
    if (!chat) throw new PermanentError(`there is no chat ${chatId}`);
    const capabilities = this.channels.of(chat.botId)?.capabilities;
    const canBeHeard = WORTH_HEARING.includes(outcome) && capabilities?.voice;
    const spokenAnyway = canBeHeard && chat.voiceMode === 'also';
    const withButton = canBeHeard && !spokenAnyway && chat.kind === 'private' && capabilities.buttons;
    const [listenId] = withButton ? await this.callbacks.create(tx, chatId, [{ do: 'speak', replyId }]) : [];
    const content = { kind: 'text', markdown, locale, ...(listenId && { listenId }) } as const;
    const isNew = await this.deliveries.queue(tx, { chatId, userId, causeId: replyId, content });
    if (isNew && spokenAnyway) await this.speeches.request(tx, chat, { replyId, userId, markdown });
  }
}
