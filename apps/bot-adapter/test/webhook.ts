import type { TestApp } from '@switchboard/testing';
import { webhookSecret } from '../src/channels/telegram/telegram.factory';
import { LUMEN } from './start-sandbox';

export const EMMA = { id: 77, is_bot: false, first_name: 'Emma', language_code: 'en' };

/** Telegram as it calls the webhook of Lumen, with updates that no phone of the sandbox would send. */
export class TelegramWebhook {
  private nextUpdate = 1000;

  constructor(private readonly app: TestApp) {}

  /** Fails when the update is not taken. Returns its id. */
  async bring(update: object): Promise<number> {
    const update_id = (this.nextUpdate += 1);
    const response = await this.post({ update_id, ...update });
    if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
    return update_id;
  }

  /** In the private chat of Emma unless `fields` say otherwise. A text that begins with a slash or names the bot is marked as Telegram does. */
  message(
    fields: { message_id?: number; text?: string; chat?: object; from?: object } & Record<string, unknown>,
  ): Promise<number> {
    const { text = '' } = fields;
    const entities = [...text.matchAll(/^\/\S+|@lumen_bot/g)].map(({ index: offset, 0: { length } }) => ({
      type: text.startsWith('/') ? 'bot_command' : 'mention',
      offset,
      length,
    }));
    const usual = {
      message_id: this.nextUpdate,
      date: Math.floor(this.app.clock.now().getTime() / 1000),
      chat: { id: EMMA.id, type: 'private' },
      from: EMMA,
    };
    return this.bring({ message: { ...usual, entities, ...fields } });
  }

  post(body: unknown, secret = webhookSecret({ id: 'lumen', token: LUMEN.token })): Promise<Response> {
    return fetch(`${this.app.url}/webhooks/telegram/lumen`, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json', 'x-telegram-bot-api-secret-token': secret },
    });
  }
}
