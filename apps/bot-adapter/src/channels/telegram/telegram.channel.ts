import type { MessageEntity } from 'telegraf/types';
import { z } from 'zod';
import type { FormattedText } from '../../formatting/telegram-entity';
import type { Activity, Button, Capabilities, Channel, ChatKind, Inbound, Outbound, Receipt } from '../channel';
import { UnreadableUpdate, Unsupported } from '../channel-errors';
import type { TelegramApi } from './telegram.api';
import { isBadMarkup, isMessageGone, isQueryTooOld } from './telegram.errors';
import { Update } from './telegram.shapes';
import { parseUpdate } from './telegram.updates';

const ACTION = { typing: 'typing', recording: 'record_voice' } as const;

/** One bot in Telegram. */
export class TelegramChannel implements Channel {
  private draftsUnknown = false;

  readonly capabilities: Capabilities = {
    buttons: true,
    voice: true,
    // Source: Bot API, sendMessage, "1-4096 characters after entities parsing".
    textLimit: 4096,
    previews: (kind: ChatKind) => (kind === 'private' && !this.draftsUnknown ? 'draft' : 'edit'),
  };

  constructor(readonly api: TelegramApi) {}

  async parse(raw: unknown): Promise<{ id: number; inbound: Inbound | undefined }> {
    const update = Update.safeParse(raw);
    if (!update.success) throw new UnreadableUpdate(`not an update of the Bot API: ${z.prettifyError(update.error)}`);
    return { id: update.data.update_id, inbound: parseUpdate(update.data, await this.self(update.data)) };
  }

  async send(chat: string, outbound: Outbound): Promise<Receipt> {
    if (outbound.kind === 'voice') return this.sendVoice(chat, outbound.audio, outbound.durationMs);
    try {
      return await this.sendText(chat, outbound);
    } catch (error) {
      if (!isBadMarkup(error)) throw error;
      // The words matter more than their looks.
      return this.sendText(chat, { ...outbound, content: { ...outbound.content, entities: [] } });
    }
  }

  async showDraft(chat: string, draftId: number, content: FormattedText): Promise<void> {
    try {
      // telegraf 4.16 stems from Bot API 7.1; sendMessageDraft came with 9.3, and the client passes on any name.
      const draft = { chat_id: Number(chat), draft_id: draftId, ...textOf(content) };
      await this.api.show('sendMessageDraft' as 'sendMessage', draft);
    } catch (error) {
      if (error instanceof Unsupported) this.draftsUnknown = true;
      throw error;
    }
  }

  async showMessage(chat: string, content: FormattedText, externalMessageId?: string): Promise<string> {
    const body = { chat_id: Number(chat), ...textOf(content), link_preview_options: { is_disabled: true } };
    if (externalMessageId) {
      await this.api.show('editMessageText', { ...body, message_id: Number(externalMessageId) });
      return externalMessageId;
    }
    return String((await this.api.show('sendMessage', body)).message_id);
  }

  async showActivity(chat: string, activity: Activity): Promise<void> {
    await this.api.show('sendChatAction', { chat_id: Number(chat), action: ACTION[activity] });
  }

  async answerPress(queryId: string, text?: string): Promise<void> {
    await this.api
      .ask('answerCallbackQuery', { callback_query_id: queryId, ...(text && { text }) })
      .catch((error: unknown) => {
        if (!isQueryTooOld(error)) throw error;
      });
  }

  fetchFile(externalId: string): Promise<Buffer> {
    return this.api.download(externalId);
  }

  private async sendText(chat: string, { content, buttons, edits }: Outbound & { kind: 'text' }): Promise<Receipt> {
    const body = {
      chat_id: Number(chat),
      ...textOf(content),
      // A model's links are for the reader to open, not for Telegram to fetch and to show.
      link_preview_options: { is_disabled: true },
      ...(buttons && { reply_markup: { inline_keyboard: buttons.map((row) => row.map(inlineButton)) } }),
    };
    if (edits) {
      try {
        await this.api.send('editMessageText', { ...body, message_id: Number(edits) });
        return { externalMessageId: edits };
      } catch (error) {
        // The person deleted it, or it is too old: a new message says the same.
        if (!isMessageGone(error)) throw error;
      }
    }
    const sent = await this.api.send('sendMessage', body);
    return { externalMessageId: String(sent.message_id) };
  }

  private async sendVoice(chat: string, source: Buffer, durationMs: number): Promise<Receipt> {
    const sent = await this.api.send('sendVoice', {
      chat_id: Number(chat),
      voice: { source, filename: 'answer.ogg' },
      duration: Math.round(durationMs / 1000),
    });
    return { externalMessageId: String(sent.message_id) };
  }

  /** Only in groups it matters what the bot is called, so a private message waits for no getMe. */
  private async self(update: Update) {
    const id = this.api.botId;
    const chat = (update.message ?? update.edited_message)?.chat;
    return chat && chat.type !== 'private' ? { id, username: (await this.api.me()).username } : { id, username: '' };
  }
}

const inlineButton = ({ label, data }: Button) => ({ text: label, callback_data: data });

/** The types of telegraf 4.16 are older than some kinds of entities. */
const textOf = ({ text, entities }: FormattedText) => ({ text, entities: entities as MessageEntity[] });
