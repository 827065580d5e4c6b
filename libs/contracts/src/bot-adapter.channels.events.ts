import { z } from 'zod';
import { defineEvent } from './define-event';
import { BotId, Channel } from './shapes';

const inChat = {
  chatId: z.uuid().describe('Our id of the chat; stable for one bot and one channel chat.'),
  botId: BotId,
  channel: Channel,
  userId: z.uuid().describe('The person, one id everywhere.'),
};

export const WindowChanged = defineEvent(
  'bot-adapter.window.changed.v1',
  z.object({
    ...inChat,
    forBotUntil: z.iso.datetime().optional().describe('Until when the assistant may write; absent: not any more.'),
    forPersonUntil: z.iso.datetime().optional().describe('Until when staff may write; absent: not any more.'),
  }),
  {
    subject: 'chatId',
    summary: 'Until when a chat may be written to has changed. Said of chats in which a ticket is open.',
  },
);
