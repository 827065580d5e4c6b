import { badRequest, forbidden } from './api-error';
import type { Drafts } from './drafts';
import type { Feed } from './feed';
import type { RateLimiter } from './rate-limits';
import { type Bot, type Conversation, type StoredMessage, type TelegramState, unixNow } from './state';
import { chatIdFor, visibleToBots } from './wire-views';

const DELETABLE_FOR_S = 48 * 3600;

export type NewMessage = Omit<StoredMessage, 'id' | 'date' | 'storedAt' | 'from'>;

/** What of a message can be edited; what is absent goes away, as it does in Telegram with the keyboard. */
export type MessageEdit = Pick<StoredMessage, 'text' | 'entities' | 'caption' | 'captionEntities' | 'replyMarkup'>;

/** What a bot may do to messages. Throws ApiError in the real server's words. */
export class Messenger {
  constructor(
    private readonly state: TelegramState,
    private readonly feed: Feed,
    private readonly drafts: Drafts,
    private readonly limiter: RateLimiter,
  ) {}

  conversation(bot: Bot, chatId: number | string): Conversation {
    if (typeof chatId === 'string') throw badRequest('chat not found');
    if (chatId < 0) {
      const group = this.state.group(chatId);
      if (!group?.bots.includes(bot.id)) throw badRequest('chat not found');
      return group;
    }
    if (!this.state.people.has(chatId)) throw badRequest('chat not found');
    return this.state.privateChat(chatId, bot.id);
  }

  /** The chat, if the bot may write to it now. */
  writable(bot: Bot, chatId: number | string): Conversation {
    const conversation = this.conversation(bot, chatId);
    if (conversation.blocked) throw forbidden('bot was blocked by the user');
    if (!conversation.started) throw forbidden("bot can't initiate conversation with a user");
    return conversation;
  }

  send(bot: Bot, conversation: Conversation, messages: NewMessage[]): StoredMessage[] {
    messages.forEach(() => this.limiter.message(bot.id, chatIdFor(conversation)));
    if (conversation.kind === 'private') this.drafts.drop(conversation);
    return messages.map((message) => this.store(conversation, bot.id, message));
  }

  /** Also what people say goes this way. */
  store(conversation: Conversation, from: number, content: NewMessage): StoredMessage {
    const id = this.state.nextMessageId(conversation);
    const message: StoredMessage = { id, date: unixNow(), storedAt: Date.now(), from, ...content };
    conversation.messages.set(id, message);
    this.feed.tell({ type: 'message', conversation, message });
    return message;
  }

  /** `change` sees the message as it is and says how it shall be. Throws when nothing would change. */
  edit(bot: Bot, conversation: Conversation, messageId: number, change: (old: StoredMessage) => MessageEdit) {
    const message = this.find(conversation, messageId);
    if (!message) throw badRequest('message to edit not found');
    if (message.from !== bot.id) throw badRequest("message can't be edited");
    const wanted = change(message);
    if (sameContent(message, wanted)) {
      throw badRequest(
        'message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message',
      );
    }
    this.limiter.message(bot.id, chatIdFor(conversation));
    Object.assign(message, wanted, { editDate: unixNow() });
    this.feed.tell({ type: 'edited', conversation, message });
    return message;
  }

  /** In private chats a bot may delete both sides' messages, in groups without rights its own only. */
  delete(bot: Bot, conversation: Conversation, messageId: number): void {
    const message = this.find(conversation, messageId);
    if (!message) throw badRequest('message to delete not found');
    const foreign = conversation.kind === 'group' && message.from !== bot.id;
    if (foreign || unixNow() - message.date > DELETABLE_FOR_S) throw badRequest("message can't be deleted");
    conversation.messages.delete(messageId);
    this.feed.tell({ type: 'deleted', conversation, messageId });
  }

  find(conversation: Conversation, messageId: number): StoredMessage | undefined {
    const message = conversation.messages.get(messageId);
    return message && visibleToBots(message) ? message : undefined;
  }
}

function sameContent(old: StoredMessage, wanted: MessageEdit): boolean {
  const current: MessageEdit = { ...old };
  return (['text', 'entities', 'caption', 'captionEntities', 'replyMarkup'] as const).every(
    (key) => !(key in wanted) || JSON.stringify(current[key] ?? null) === JSON.stringify(wanted[key] ?? null),
  );
}
