import OpenAI from 'openai';
import { SandboxClient } from './client';
import type { FaultRule } from './kit/faults';
import { type SandboxOptions, startSandbox } from './sandbox';
import type { NewScriptedAnswer } from './openai/script';
import type { LoggedBotCall } from './telegram/telegram.context';
import type { Message, Update } from './telegram/wire';

export const TOKEN = '7100000001:spec-secret_A';
export const BOT_ID = 7100000001;
const BOT = { bot: BOT_ID };

export const AT_ONCE = { firstTokenMs: 0, betweenTokensMs: 0, betweenReasoningTokensMs: 0 };

/** A single transparent pixel. */
export const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
  'base64',
);

export interface ApiAnswer<T = unknown> {
  status: number;
  headers: Headers;
  ok: boolean;
  result: T;
  description?: string;
  error_code?: number;
  parameters?: { retry_after?: number; migrate_to_chat_id?: number };
}

type Who = { id: number };

/** A sandbox with one bot and nobody's patience, on a port of its own. */
export async function startForSpec(options: SandboxOptions = {}) {
  const bots = [{ token: TOKEN, username: 'spec_bot', name: 'Spec' }];
  const sandbox = await startSandbox({
    pace: 0.01,
    ...options,
    telegram: { bots, rateLimits: null, ...options.telegram },
    openai: { pace: AT_ONCE, ...options.openai },
  });
  const client = new SandboxClient(sandbox.url);
  const { telegram } = client;

  async function send(method: string, path: string, body?: unknown): Promise<Response> {
    return fetch(sandbox.url + path, {
      method,
      headers: body instanceof FormData ? {} : { 'content-type': 'application/json' },
      body: body instanceof FormData ? body : body === undefined ? undefined : JSON.stringify(body),
    });
  }

  async function api<T = unknown>(method: string, params: object = {}, token = TOKEN): Promise<ApiAnswer<T>> {
    const response = await send('POST', `/telegram/bot${token}/${method}`, params);
    const body = (await response.json()) as Omit<ApiAnswer<T>, 'status' | 'headers'>;
    return { ...body, status: response.status, headers: response.headers };
  }

  // Whoever asks for the same offset twice in a row is slowed down.
  let asked = 0;
  const people = await telegram.people();
  const [anna, emma] = people as [(typeof people)[0], (typeof people)[0]];

  return {
    sandbox,
    client,
    telegram,
    people,
    anna,
    emma,
    send,
    api,
    /** What the phone's own backend answers, or anything else. */
    ask: async <T>(method: string, path: string, body?: unknown) => {
      const response = await send(method, path, body);
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
      return (await response.json()) as T;
    },
    say: (
      person: Who,
      text: string,
      more: { chat?: number; replyTo?: number; threadId?: number; quote?: string } = {},
    ) => {
      const { chat, ...manner } = more;
      return telegram.say(person.id, chat === undefined ? BOT : { chat }, text, manner);
    },
    messages: (chat: number) => telegram.messages(chat, BOT_ID),
    calls: (method: string): Promise<LoggedBotCall[]> => telegram.calls({ method }),
    faults: (...rules: FaultRule[]) => client.setFaults(...rules),
    /** Updates that wait; they stay unconfirmed. */
    updates: async () => (await api<Update[]>('getUpdates', { offset: (asked = 1 - asked) })).result,
    /** Sends something to the first person. */
    sent: async (method: string, params: object) => {
      const answer = await api<Message>(method, { chat_id: anna.id, ...params });
      if (!answer.ok) throw new Error(answer.description);
      return answer.result;
    },
    /** The stock client, which tries once, so that a spec sees the first answer and not the third. */
    openai: new OpenAI({ apiKey: 'sk-sandbox', baseURL: sandbox.openAiUrl, maxRetries: 0 }),
    fault: (target: string, kind: string, more: Omit<FaultRule, 'target' | 'kind'> = {}) =>
      client.addFaults({ target, kind, times: 1, ...more }),
    script: (answer: NewScriptedAnswer) => client.openai.script(answer),
    post: (path: string, body: string | object, headers: Record<string, string> = {}) =>
      fetch(`${sandbox.openAiUrl}${path}`, {
        method: 'POST',
        headers: { authorization: 'Bearer sk-sandbox', 'content-type': 'application/json', ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
  };
}

export type Running = Awaited<ReturnType<typeof startForSpec>>;

/** Waits until `probe` gives something, and gives it back. */
export async function until<T>(probe: () => T | undefined | false | Promise<T | undefined | false>): Promise<T> {
  const deadline = Date.now() + 5000;
  for (;;) {
    const found = await probe();
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`waited in vain for ${probe}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
