import { until } from './processes.mts';

export interface BotMessage {
  message_id: number;
  from: { id: number; is_bot: boolean };
  text?: string;
  voice?: { file_id: string; duration: number };
  reply_markup?: { inline_keyboard: { text: string; callback_data?: string }[][] };
  /** When the sandbox stored it, in milliseconds. */
  storedAt: number;
}

export interface ApiCall {
  id: number;
  bot: number;
  method: string;
  params: Record<string, unknown>;
  receivedAt: number;
  finishedAt: number | null;
  status: number | null;
}

/** Acts as people on the sandbox's phones, and sees what bots did, through the control API. */
export class SandboxClient {
  private readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  addPerson(person: { firstName: string; languageCode: string }): Promise<{ id: number }> {
    return this.ask('POST', '/telegram/people', person);
  }

  start(person: number, bot: number): Promise<BotMessage> {
    return this.ask('POST', `/telegram/people/${person}/start`, { bot });
  }

  say(person: number, bot: number, text: string): Promise<BotMessage> {
    return this.ask('POST', `/telegram/people/${person}/say`, { bot, text });
  }

  sendVoice(person: number, bot: number, ogg: Buffer, duration: number): Promise<BotMessage> {
    const file = { bot, kind: 'voice', base64: ogg.toString('base64'), mimeType: 'audio/ogg', duration };
    return this.ask('POST', `/telegram/people/${person}/send-file`, file);
  }

  press(person: number, bot: number, messageId: number, button: string): Promise<{ answered: boolean; text?: string }> {
    return this.ask('POST', `/telegram/people/${person}/press`, { bot, messageId, button });
  }

  /** What a bot wrote in its private chat with a person, after a message id. */
  async fromBot(person: number, bot: number, after = 0): Promise<BotMessage[]> {
    const messages = await this.ask<BotMessage[]>(
      'GET',
      `/telegram/chats/${person}/messages?bot=${bot}&after=${after}`,
    );
    return messages.filter((message) => message.from.is_bot);
  }

  calls(since = 0, method = ''): Promise<ApiCall[]> {
    return this.ask('GET', `/telegram/calls?since=${since}${method && `&method=${method}`}`);
  }

  modelRequests(
    since = 0,
  ): Promise<
    { id: number; path: string; receivedAt: number; firstByteAt: number | null; finishedAt: number | null }[]
  > {
    return this.ask('GET', `/openai/requests?since=${since}`);
  }

  setPace(pace: { firstTokenMs?: number; betweenTokensMs?: number }): Promise<unknown> {
    return this.ask('PUT', '/openai/pace', pace);
  }

  script(answer: { match?: string; reply: Record<string, unknown>; times?: number }): Promise<unknown> {
    return this.ask('POST', '/openai/script', answer);
  }

  /** Waits for something the bot wrote after `after` that fits. */
  async answer(person: number, bot: number, after: number, fits: (message: BotMessage) => boolean, timeoutMs = 30_000) {
    let found: BotMessage | undefined;
    await until(async () => Boolean((found = (await this.fromBot(person, bot, after)).find(fits))), timeoutMs, 25);
    return found;
  }

  private async ask<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(`${this.url}/control${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(30_000),
    });
    if (!response.ok)
      throw new Error(`The sandbox answered ${response.status} to ${method} ${path}: ${await response.text()}`);
    return (await response.json()) as T;
  }
}
