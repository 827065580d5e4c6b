import type {
  Chat,
  Invoice,
  Message,
  NewText,
  NewThing,
  PayAnswer,
  Person,
  PressAnswer,
  Subscription,
} from '../../src/phone/phone.api';

const root = '/phone/api';

/** A file on its way out. `duration` in seconds, for voice notes. */
export interface NewFile {
  blob: Blob;
  name: string;
  kind: 'voice' | 'photo' | 'document';
  caption?: string;
  duration?: number;
}

/** The sandbox said no; the message is its own explanation. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    explanation: string,
  ) {
    super(explanation);
  }
}

export const people = () => call<Person[]>('GET', '/people');

export const setLanguage = (person: number, languageCode: string) =>
  call<Person>('PUT', `/people/${person}/language`, { languageCode });

export const chats = (person: number) => call<Chat[]>('GET', `/people/${person}/chats`);

export const pageSize = 50;

/** Oldest first; the newest page, or the one before the message `before`. */
export const messages = (person: number, chat: number, before?: number) =>
  call<Message[]>('GET', `${at(person, chat)}/messages?limit=${pageSize}${before ? `&before=${before}` : ''}`);

export const sendText = (person: number, chat: number, text: NewText) =>
  call<Message>('POST', `${at(person, chat)}/messages`, text);

export const editText = (person: number, chat: number, id: number, text: NewText) =>
  call<Message>('PUT', `${at(person, chat)}/messages/${id}`, text);

export function sendFile(person: number, chat: number, file: NewFile): Promise<Message> {
  const form = new FormData();
  // Fields go before the file, so that the server knows the kind when the bytes begin.
  form.set('kind', file.kind);
  if (file.caption) form.set('caption', file.caption);
  if (file.duration !== undefined) form.set('duration', String(Math.max(1, Math.round(file.duration))));
  form.set('file', file.blob, file.name);
  return call<Message>('POST', `${at(person, chat)}/files`, form, 120_000);
}

/** Waits for the bot's answerCallbackQuery; the server itself gives up after 15 s. */
export const press = (person: number, chat: number, id: number, row: number, column: number) =>
  call<PressAnswer>('POST', `${at(person, chat)}/messages/${id}/press`, { row, column }, 20_000);

/** Waits for the bot's answerPreCheckoutQuery; the server itself gives up after 10 s. */
export const pay = (person: number, chat: number, id: number) =>
  call<PayAnswer>('POST', `${at(person, chat)}/messages/${id}/pay`, {}, 20_000);

export const invoice = (person: number, slug: string) =>
  call<Invoice>('GET', `/people/${person}/invoices/${encodeURIComponent(slug)}`);

export const payInvoice = (person: number, slug: string) =>
  call<PayAnswer>('POST', `/people/${person}/invoices/${encodeURIComponent(slug)}/pay`, {}, 20_000);

export const subscriptions = (person: number, chat: number) =>
  call<Subscription[]>('GET', `${at(person, chat)}/subscriptions`);

export const setCanceled = (person: number, id: string, canceled: boolean) =>
  call<object>('PUT', `/people/${person}/subscriptions/${encodeURIComponent(id)}`, { canceled });

export const renew = (person: number, id: string) =>
  call<object>('POST', `/people/${person}/subscriptions/${encodeURIComponent(id)}/renew`, {});

export const vote = (person: number, chat: number, id: number, options: number[]) =>
  call<Message>('PUT', `${at(person, chat)}/messages/${id}/vote`, { options });

export const react = (person: number, chat: number, id: number, emoji: string[]) =>
  call<Message>('PUT', `${at(person, chat)}/messages/${id}/reactions`, { emoji });

export const sendThing = (person: number, chat: number, thing: NewThing) =>
  call<Message>('POST', `${at(person, chat)}/things`, thing);

export const stop = (person: number, chat: number) => call<object>('POST', `${at(person, chat)}/stop`, {});

export const start = (person: number, chat: number, payload?: string) =>
  call<Message>('POST', `${at(person, chat)}/start`, { payload });

export const setBlocked = (person: number, chat: number, blocked: boolean) =>
  call<Chat>('PUT', `${at(person, chat)}/blocked`, { blocked });

export const eventsUrl = (person: number) => `${root}/people/${person}/events`;

/** A file still on its way out is shown from memory: its id is then the object URL. */
export const fileUrl = (id: string) => (id.startsWith('blob:') ? id : `${root}/files/${encodeURIComponent(id)}`);

const at = (person: number, chat: number) => `/people/${person}/chats/${chat}`;

async function call<T>(method: string, path: string, body?: object, deadlineMs = 15_000): Promise<T> {
  const form = body instanceof FormData;
  const response = await fetch(root + path, {
    method,
    body: form ? body : body && JSON.stringify(body),
    headers: body && !form ? { 'content-type': 'application/json' } : undefined,
    signal: AbortSignal.timeout(deadlineMs),
  });
  if (!response.ok) throw new Refused(response.status, await explanation(response));
  return (await response.json()) as T;
}

async function explanation(response: Response): Promise<string> {
  const problem = (await response.json().catch(() => ({}))) as { detail?: string; message?: string };
  return problem.detail ?? problem.message ?? `${response.status} ${response.statusText}`;
}
