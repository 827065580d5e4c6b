import { ApiError, badRequest, forbidden } from './api-error';
import type { RateLimiter } from './rate-limits';
import { type Draft, type Feed } from './feed';
import { type Bot, type Conversation, type StoredMessage, type TelegramState, unixNow } from './state';
import { chatIdFor, visibleToBots } from './to-wire';

const DELETABLE_FOR_S = 48 * 3600;

export type NewMessage = Omit<StoredMessage, 'id' | 'date' | 'storedAt' | 'from'>;

const EDITABLE = ['text', 'entities', 'caption', 'captionEntities', 'fileId', 'extra', 'replyMarkup'] as const;
/** What of a message can be edited; what is absent goes away, as it does in Telegram with the keyboard. */
export type MessageEdit = Pick<StoredMessage, (typeof EDITABLE)[number]>;

/** What a bot may do to messages. Throws ApiError in the real server's words. */
export class Messenger {
  /** Streaming previews (sendMessageDraft): nothing is stored, and each is gone 30 s after its last change. */
  private readonly drafts = new Map<Conversation, { draft: Draft; timer: NodeJS.Timeout }>();

  constructor(
    private readonly state: TelegramState,
    private readonly feed: Feed,
    private readonly limiter: RateLimiter,
    private readonly draftLifetimeMs: number,
  ) {}

  conversation(bot: Bot, chatId: number | string): Conversation {
    if (typeof chatId === 'string' || chatId < 0) {
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
    if (conversation.migratedTo !== undefined) {
      throw new ApiError(400, 'Bad Request: group chat was upgraded to a supergroup chat', {
        migrate_to_chat_id: conversation.migratedTo,
      });
    }
    if (conversation.blocked) throw forbidden('bot was blocked by the user');
    if (!conversation.started) throw forbidden("bot can't initiate conversation with a user");
    return conversation;
  }

  send(bot: Bot, conversation: Conversation, messages: NewMessage[]): StoredMessage[] {
    messages.forEach(() => this.limiter.message(bot.id, chatIdFor(conversation)));
    if (conversation.kind === 'private') this.dropDraft(conversation);
    return messages.map((message) => {
      this.setReplyKeyboard(conversation, message.replyMarkup);
      return this.store(conversation, bot.id, message);
    });
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
    // A supergroup's messages are looked for by the server, whose words these are; all others in the account's own box.
    const isSupergroup = conversation.kind === 'group' && !conversation.basic;
    if (!message) throw badRequest(isSupergroup ? 'MESSAGE_ID_INVALID' : 'message to edit not found');
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
    const foreign = conversation.kind === 'group' && message.from !== bot.id && !conversation.admins.includes(bot.id);
    if (foreign || unixNow() - message.date > DELETABLE_FOR_S) throw badRequest("message can't be deleted");
    conversation.messages.delete(messageId);
    conversation.pinned = conversation.pinned.filter((id) => id !== messageId);
    this.feed.tell({ type: 'deleted', conversation, messageId });
  }

  find(conversation: Conversation, messageId: number): StoredMessage | undefined {
    const message = conversation.messages.get(messageId);
    return message && visibleToBots(message) ? message : undefined;
  }

  showDraft(bot: Bot, conversation: Conversation, draft: Draft): void {
    this.limiter.draft(bot.id, conversation.people[0]!);
    clearTimeout(this.drafts.get(conversation)?.timer);
    const timer = setTimeout(() => this.dropDraft(conversation), this.draftLifetimeMs).unref();
    this.drafts.set(conversation, { draft, timer });
    this.feed.tell({ type: 'draft', conversation, draft });
  }

  draftIn(conversation: Conversation): Draft | undefined {
    return this.drafts.get(conversation)?.draft;
  }

  /** Any real message of the bot takes its draft away. */
  dropDraft(conversation: Conversation): void {
    clearTimeout(this.drafts.get(conversation)?.timer);
    if (this.drafts.delete(conversation)) this.feed.tell({ type: 'draft', conversation, draft: null });
  }

  dropDrafts(): void {
    [...this.drafts.keys()].forEach((conversation) => this.dropDraft(conversation));
  }

  /** A reply keyboard belongs to the chat, until another one or its removal comes. */
  setReplyKeyboard(conversation: Conversation, markup: object | undefined): void {
    if (!markup || !('keyboard' in markup || 'remove_keyboard' in markup)) return;
    conversation.replyKeyboard = 'keyboard' in markup ? markup : undefined;
    this.feed.tell({ type: 'chat', conversation });
  }
}

function sameContent(old: StoredMessage, wanted: MessageEdit): boolean {
  const current: MessageEdit = { ...old };
  return EDITABLE.every(
    (key) => !(key in wanted) || JSON.stringify(current[key] ?? null) === JSON.stringify(wanted[key] ?? null),
  );
}
