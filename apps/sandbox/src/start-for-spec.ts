import type { Person } from './phone/phone.api';
import { type SandboxOptions, startSandbox } from './sandbox';
import type { LoggedCall } from './telegram/call-log';
import type { Message, Update } from './telegram/wire';

export const TOKEN = '7100000001:spec-secret_A';
export const BOT_ID = 7100000001;

export interface ApiAnswer<T = unknown> {
  status: number;
  headers: Headers;
  ok: boolean;
  result: T;
  description?: string;
  error_code?: number;
  parameters?: { retry_after?: number };
}

/** A sandbox with one bot that the first two people have started, on a port of its own. */
export async function startForSpec(options: SandboxOptions = {}) {
  const bots = [{ token: TOKEN, username: 'spec_bot', name: 'Spec' }];
  const sandbox = await startSandbox({ bots, rateLimits: null, pace: 0.01, ...options });

  async function send(method: string, path: string, body?: unknown): Promise<Response> {
    return fetch(sandbox.url + path, {
      method,
      headers: body instanceof FormData ? {} : { 'content-type': 'application/json' },
      body: body instanceof FormData ? body : body === undefined ? undefined : JSON.stringify(body),
    });
  }

  async function ask<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await send(method, path, body);
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }

  async function api<T = unknown>(method: string, params: object = {}, token = TOKEN): Promise<ApiAnswer<T>> {
    const response = await send('POST', `/telegram/bot${token}/${method}`, params);
    const body = (await response.json()) as Omit<ApiAnswer<T>, 'status' | 'headers'>;
    return { ...body, status: response.status, headers: response.headers };
  }

  const people = await ask<Person[]>('GET', '/control/telegram/people');
  const [anna, emma] = people as [Person, Person];

  return {
    sandbox,
    people,
    anna,
    emma,
    send,
    ask,
    api,
    say: (person: Person, text: string, more: object = {}) =>
      ask<Message>('POST', `/control/telegram/people/${person.id}/say`, { bot: BOT_ID, text, ...more }),
    act: <T>(person: Person, deed: string, more: object = {}) =>
      ask<T>('POST', `/control/telegram/people/${person.id}/${deed}`, { bot: BOT_ID, ...more }),
    messages: (chat: number) => ask<Message[]>('GET', `/control/telegram/chats/${chat}/messages?bot=${BOT_ID}`),
    calls: (method: string) => ask<LoggedCall[]>('GET', `/control/telegram/calls?method=${method}`),
    faults: (...rules: object[]) => ask('PUT', '/control/faults', rules),
    /** Updates that wait; they stay unconfirmed. */
    updates: async () => (await api<Update[]>('getUpdates')).result,
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
