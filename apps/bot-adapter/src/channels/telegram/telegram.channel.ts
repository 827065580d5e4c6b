import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { ChannelReport } from '@switchboard/contracts';
import type { InlineKeyboardButton, MessageEntity } from 'telegraf/types';
import { z } from 'zod';
import type {
  Activity,
  Button,
  Capabilities,
  Channel,
  ChatAddress,
  ChatKind,
  Inbound,
  InboundUpdate,
  Introduction,
  OutboundContent,
  OutboundMedia,
  OutboundMessage,
  Polling,
  Receipt,
  Receiving,
  ReplyKeyboard,
  SendOptions,
} from '../channel';
import { ReceivedElsewhere, UnreadableUpdate, Unsupported } from '../channel-errors';
import { renderEntities } from './formatting/render-entities';
import { splitMessage } from './formatting/split-message';
import { previewOf } from './formatting/stream-preview';
import type { FormattedText } from './formatting/telegram-entity';
import { ALLOWED_UPDATES, type TelegramApi } from './telegram.api';
import { TelegramPayments } from './telegram.payments';
import { hostOf, inspectTelegram, type SandboxProfile } from './telegram.inspection';
import {
  isBadMarkup,
  isMessageGone,
  isNeverMember,
  isQueryTooOld,
  isTopicGone,
  isVoiceForbidden,
} from './telegram.errors';
import { ChatMember, Update, UpdateId } from './telegram.shapes';
import { draftIdOf, isMember, parseUpdate } from './telegram.updates';

/** Source: Bot API, sendMessage, "1-4096 characters after entities parsing", and the captions of media. */
const TEXT_LIMIT = 4096;
const CAPTION_LIMIT = 1024;

/** Source: limits.tginfo.me, buttons under one message. */
const MAX_BUTTONS = 100;

/** Source: Bot API, "Sending files": what is uploaded; other types of a kind are shown as documents. */
const FILES_OUT = {
  voice: { mimeTypes: ['audio/ogg', 'audio/mpeg', 'audio/mp4'], maxBytes: 50_000_000 },
  audio: { mimeTypes: ['audio/mpeg', 'audio/mp4'], maxBytes: 50_000_000 },
  photo: { mimeTypes: ['image/jpeg', 'image/png', 'image/webp'], maxBytes: 10_000_000 },
  video: { mimeTypes: ['video/mp4'], maxBytes: 50_000_000 },
  document: { mimeTypes: ['*/*'], maxBytes: 50_000_000 },
};

/** Telegram's default; we answer within milliseconds, so more would only mean more open connections. */
const MAX_CONNECTIONS = 40;

const ACTION = { typing: 'typing', recording: 'record_voice' } as const;

export interface TelegramMessage extends OutboundMessage {
  readonly entities: FormattedText['entities'];
  readonly media?: OutboundMedia;
  readonly buttons?: readonly (readonly Button[])[];
  readonly keyboard?: ReplyKeyboard | 'remove';
}

/** One bot in Telegram. */
export class TelegramChannel implements Channel<TelegramMessage> {
  private draftsUnknown = false;

  readonly capabilities: Capabilities;

  readonly receiving: Receiving = {
    direct: async (url, { ours, takeOver }) => {
      const { url: present } = await this.api.ask('getWebhookInfo', {});
      if (present && present !== url && present !== ours && !takeOver) throw new ReceivedElsewhere(hostOf(present));
      if (url) {
        await this.api.ask('setWebhook', {
          url,
          secret_token: this.webhookSecret,
          allowed_updates: ALLOWED_UPDATES,
          max_connections: MAX_CONNECTIONS,
        });
      } else if (present) {
        // While a webhook is set Telegram refuses to be polled.
        await this.api.ask('deleteWebhook', {});
      }
    },
    state: async () => {
      const info = await this.api.ask('getWebhookInfo', {});
      const at = info.last_error_date;
      return {
        ...(info.url && { url: info.url }),
        waiting: info.pending_update_count,
        ...(at && { lastError: { at: new Date(at * 1000), message: info.last_error_message ?? '' } }),
      };
    },
  };

  readonly polling: Polling = {
    next: async (cursor, signal) => {
      const found = await this.api.updates(Number(cursor ?? 0), signal);
      const updates = found.map((content) => this.updateOf(content));
      // After a week without updates Telegram goes on with a random id, mostly a lower one, and an offset far above it
      // confirms nothing: what came last counts, and not the highest ever seen.
      const last = found.flatMap((content) => UpdateId.safeParse(content).data?.update_id ?? []).at(-1);
      return { updates, cursor: last === undefined ? (cursor ?? '0') : String(last + 1) };
    },
  };

  readonly payments: TelegramPayments;
  readonly account: string;
  readonly webhookSecret: string;
  private readonly botId: string;
  private readonly sandbox: SandboxProfile | undefined;

  constructor(
    private readonly api: TelegramApi,
    {
      botId,
      webhookSecret,
      rates,
      sandbox,
    }: { botId: string; webhookSecret: string; rates: Capabilities['rates']; sandbox?: SandboxProfile | undefined },
  ) {
    this.botId = botId;
    this.sandbox = sandbox;
    this.payments = new TelegramPayments(api);
    this.account = String(api.botId);
    this.webhookSecret = webhookSecret;
    this.capabilities = {
      buttons: true,
      voice: true,
      pressesStay: true,
      choices: { how: 'buttons', max: MAX_BUTTONS, labelMax: 64, unit: 'utf16', onlyWithText: true },
      files: { in: ['voice', 'audio', 'photo', 'document'], out: FILES_OUT },
      filesBy: 'bytes',
      filesExpire: false,
      captions: true,
      markup: 'entities',
      edits: true,
      deletes: true,
      readMarks: false,
      reactions: false,
      echoes: false,
      confirms: 'none',
      personScope: 'channel',
      textLimit: { max: TEXT_LIMIT, unit: 'utf16' },
      rates,
      previews: (kind: ChatKind) => (kind === 'private' && !this.draftsUnknown ? 'draft' : 'edit'),
      maxFileBytes: api.maxFileBytes,
    };
  }

  updateOf(content: unknown): InboundUpdate {
    const isUrgent = typeof content === 'object' && content !== null && 'pre_checkout_query' in content;
    return { botId: this.botId, id: `${this.account}:${updateIdOf(content)}`, content, ...(isUrgent && { isUrgent }) };
  }

  async parse(content: unknown): Promise<Inbound[]> {
    const update = Update.safeParse(content);
    if (!update.success) throw new UnreadableUpdate(`not an update of the Bot API: ${z.prettifyError(update.error)}`);
    return parseUpdate(update.data, await this.self(update.data));
  }

  async introduce({ menus }: Introduction): Promise<void> {
    if (this.sandbox) await this.api.ask('setSandboxProfile' as never, this.sandbox as never);
    const [first] = menus;
    // Without a language: what people with any other language see.
    if (first) await this.api.ask('setMyCommands', { commands: menuOf(first) });
    for (const menu of menus) {
      // Telegram takes two-letter codes only.
      if (menu.language.length === 2) {
        await this.api.ask('setMyCommands', { commands: menuOf(menu), language_code: menu.language });
      }
    }
  }

  async isMember(chat: string, externalId: string): Promise<boolean> {
    try {
      const found: unknown = await this.api.askOnce('getChatMember', { chat_id: chat, user_id: Number(externalId) });
      return isMember(ChatMember.parse(found));
    } catch (error) {
      if (isNeverMember(error)) return false;
      throw error;
    }
  }

  inspect(isOurs: (url: string) => boolean): Promise<ChannelReport> {
    return inspectTelegram(this.api, isOurs, this.sandbox);
  }

  compose({ text, media, buttons, keyboard }: OutboundContent): TelegramMessage[] {
    const formatted = text ? renderEntities(text) : undefined;
    const messages: TelegramMessage[] = [];
    const isCaption = media && (!formatted || formatted.text.length <= CAPTION_LIMIT);
    if (media) messages.push({ ...(isCaption && formatted ? formatted : NO_TEXT), media });
    if (formatted && !isCaption) messages.push(...splitMessage(formatted, TEXT_LIMIT));
    if (!text && !media && buttons) messages.push(NO_TEXT);
    const last = messages.pop();
    return last ? [...messages, { ...last, ...(buttons && { buttons }), ...(keyboard && { keyboard }) }] : [];
  }

  async send(to: ChatAddress, message: TelegramMessage, options: SendOptions = {}): Promise<Receipt> {
    try {
      return await this.sendOnce(to, message, options);
    } catch (error) {
      // The words matter more than their looks, and than their place.
      if (isBadMarkup(error)) return this.sendOnce(to, { ...message, entities: [] }, options);
      if (isVoiceForbidden(error) && message.media) {
        return this.sendOnce(to, { ...message, media: { ...message.media, kind: 'audio' } }, options);
      }
      if (isTopicGone(error)) return this.sendOutsideOfTopics(to, message, options);
      throw error;
    }
  }

  composePreview(markdown: string, buttons?: OutboundContent['buttons']): TelegramMessage {
    return { ...previewOf(markdown, TEXT_LIMIT), ...(buttons && { buttons }) };
  }

  async showDraft(
    to: ChatAddress,
    previewId: string,
    preview: TelegramMessage,
    { canStop = false }: { canStop?: boolean } = {},
  ): Promise<void> {
    try {
      // telegraf 4.16 stems from Bot API 7.1; sendMessageDraft came with 9.3, and the client passes on any name.
      const draft = {
        ...addressOf(to),
        draft_id: draftIdOf(previewId),
        ...textOf(preview),
        ...(canStop && { can_stop: true }),
      };
      await this.api.show('sendMessageDraft' as 'sendMessage', draft);
    } catch (error) {
      if (error instanceof Unsupported) this.draftsUnknown = true;
      throw error;
    }
  }

  async showMessage(to: ChatAddress, preview: TelegramMessage, { edits, replyTo }: SendOptions = {}): Promise<string> {
    const reply_markup = await this.markupOf(to, preview);
    const body = { ...textOf(preview), ...NO_LINK_PREVIEW, ...(reply_markup && { reply_markup }) };
    if (edits) {
      const target = { chat_id: Number(to.externalId), message_id: Number(edits) };
      await this.api.show('editMessageText', { ...target, ...(body as WithInlineMarkup) });
      return edits;
    }
    const sent = await this.api.showFirst('sendMessage', { ...addressOf(to), ...body, ...inReplyTo(replyTo) });
    return String(sent.message_id);
  }

  async deleteMessage({ externalId }: ChatAddress, externalMessageId: string): Promise<void> {
    await this.api.ask('deleteMessage', { chat_id: Number(externalId), message_id: Number(externalMessageId) });
  }

  async showActivity(to: ChatAddress, activity: Activity): Promise<void> {
    await this.api.show('sendChatAction', { ...addressOf(to), action: ACTION[activity] });
  }

  async answerPress(pressId: string, text?: string): Promise<void> {
    await this.api
      .ask('answerCallbackQuery', { callback_query_id: pressId, ...(text && { text: text.toWellFormed() }) })
      .catch((error: unknown) => {
        if (!isQueryTooOld(error)) throw error;
      });
  }

  fetchFile(externalId: string): Promise<Readable> {
    return this.api.download(externalId);
  }

  private sendOutsideOfTopics({ externalId }: ChatAddress, message: TelegramMessage, options: SendOptions) {
    // A reply would go to the topic of what it answers.
    const { replyTo: _, ...others } = options;
    return this.sendOnce({ externalId }, message, others);
  }

  private async sendOnce(to: ChatAddress, message: TelegramMessage, options: SendOptions): Promise<Receipt> {
    const reply_markup = await this.markupOf(to, message);
    const markup = reply_markup && { reply_markup };
    if (options.edits && !message.media) {
      const edited = { chat_id: Number(to.externalId), message_id: Number(options.edits) };
      const body = { ...textOf(message), ...NO_LINK_PREVIEW, ...markup } as WithInlineMarkup;
      try {
        if (message.text) await this.api.send('editMessageText', { ...edited, ...body });
        else await this.api.send('editMessageReplyMarkup', { ...edited, reply_markup: body.reply_markup });
        return { externalMessageId: options.edits };
      } catch (error) {
        if (!isMessageGone(error)) throw error;
        if (!message.text) return { externalMessageId: options.edits };
        // The person deleted it, or it is too old: a new message says the same.
      }
    }
    const target = { ...addressOf(to), ...markup };
    const reply = inReplyTo(options.replyTo);
    const sent = message.media
      ? await this.sendMedia({ ...target, ...asFormField(reply) }, message.media, message)
      : await this.api.send('sendMessage', { ...target, ...reply, ...textOf(message), ...NO_LINK_PREVIEW });
    return { externalMessageId: String(sent.message_id) };
  }

  private sendMedia(target: { chat_id: number }, media: OutboundMedia, caption: TelegramMessage) {
    const file = { source: media.bytes, filename: media.fileName };
    const { text, entities } = textOf(caption);
    const body = {
      ...target,
      ...(text && { caption: text, caption_entities: entities }),
      ...(media.durationMs !== undefined && { duration: Math.round(media.durationMs / 1000) }),
    };
    switch (media.kind) {
      case 'voice':
        return this.api.send('sendVoice', { ...body, voice: file });
      case 'audio':
        return this.api.send('sendAudio', { ...body, audio: file });
      case 'photo':
        return this.api.send('sendPhoto', { ...body, photo: file });
      case 'video':
        return this.api.send('sendVideo', { ...body, video: file });
      case 'document':
        return this.api.send('sendDocument', { ...body, document: file });
    }
  }

  /** A message carries either buttons or a keyboard; buttons go first, because they belong to the message. */
  private async markupOf({ externalId }: ChatAddress, { buttons, keyboard }: TelegramMessage) {
    if (buttons) {
      const rows = buttons.map((row) =>
        Promise.all(row.map((button) => this.inlineButton(button, isGroup(externalId)))),
      );
      return { inline_keyboard: await Promise.all(rows) };
    }
    if (keyboard === 'remove') return { remove_keyboard: true as const };
    if (!keyboard) return undefined;
    return {
      keyboard: keyboard.rows.map((row) =>
        row.map(({ label, webApp }) => ({ text: label.toWellFormed(), ...(webApp && { web_app: { url: webApp } }) })),
      ),
      resize_keyboard: true,
      one_time_keyboard: keyboard.once ?? false,
    };
  }

  private async inlineButton(button: Button, inGroup: boolean): Promise<InlineKeyboardButton> {
    const text = button.label.toWellFormed();
    if ('data' in button) return { text, callback_data: button.data };
    if ('url' in button) return { text, url: button.url };
    // Web apps open from buttons in private chats only.
    if ('webApp' in button) return inGroup ? { text, url: button.webApp } : { text, web_app: { url: button.webApp } };
    return { text, url: await this.payments.createLink(button.invoice) };
  }

  /** Only in groups it matters what the bot is called, so a private message waits for no getMe. */
  private async self(update: Update) {
    const id = this.api.botId;
    const chat = (update.message ?? update.edited_message)?.chat;
    return chat && chat.type !== 'private' ? { id, username: (await this.api.me()).username } : { id, username: '' };
  }
}

/** What cannot be read may have no id; then it is known by its content. */
const updateIdOf = (content: unknown) =>
  String(
    UpdateId.safeParse(content).data?.update_id ??
      `unreadable:${createHash('sha256')
        .update(JSON.stringify(content) ?? '')
        .digest('base64url')}`,
  );

/** Source: Bot API, Chat: groups have negative ids. */
const isGroup = (externalId: string) => externalId.startsWith('-');

const menuOf = ({ commands }: Introduction['menus'][number]) =>
  commands.map(({ name: command, description }) => ({ command, description }));

const NO_TEXT: FormattedText = { text: '', entities: [] };

// A model's links are for the reader to open, not for Telegram to fetch and to show.
const NO_LINK_PREVIEW = { link_preview_options: { is_disabled: true } };

/** Messages that are edited have no keyboard. */
type WithInlineMarkup = ReturnType<typeof textOf> & {
  reply_markup?: { inline_keyboard: InlineKeyboardButton[][] };
};

const inReplyTo = (messageId: string | undefined) =>
  messageId
    ? { reply_parameters: { message_id: Number(messageId), allow_sending_without_reply: true } }
    : { reply_parameters: undefined };

/** Beside a file telegraf 4.16 sends no object but the markup; Telegram takes objects as JSON. */
const asFormField = ({ reply_parameters: value }: ReturnType<typeof inReplyTo>) =>
  value && { reply_parameters: JSON.stringify(value) as unknown as typeof value };

const addressOf = ({ externalId, threadId }: ChatAddress) => ({
  chat_id: Number(externalId),
  ...(threadId && { message_thread_id: Number(threadId) }),
});

/** One half of a surrogate pair would have the whole message refused; what is put in its place is as long. */
const textOf = ({ text, entities }: Pick<TelegramMessage, 'text' | 'entities'>) => ({
  text: text.toWellFormed(),
  entities: entities as MessageEntity[],
});
