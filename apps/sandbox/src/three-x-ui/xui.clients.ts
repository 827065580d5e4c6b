import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { PanelTarget } from '../kit/panel-servers';
import { XuiClient, XuiError, type XuiState } from './xui-state';

const ENGLISH = {
  somethingWentWrong: 'Something went wrong',
  obtain: 'Obtain',
  trafficGetError: 'Error getting traffics.',
  clientAdded: 'Inbound client(s) have been added.',
  clientUpdated: 'Inbound client has been updated.',
  clientDeleted: 'Inbound client has been deleted.',
  trafficReset: 'Traffic has been reset.',
  wrongLogin: 'Invalid username or password or two-factor code.',
  loggedIn: ' You have successfully logged into your account.',
  emptyUsername: 'Username is required',
  emptyPassword: 'Password is required',
};
export type Word = keyof typeof ENGLISH;

/** What panels say; each speaks the language that it is set to, so that nobody can read from it what has happened. */
export const WORDS: Readonly<Record<'en' | 'ru', Readonly<Record<Word, string>>>> = {
  en: ENGLISH,
  ru: {
    somethingWentWrong: 'Что-то пошло не так',
    obtain: 'Получить',
    trafficGetError: 'Ошибка получения данных о трафике.',
    clientAdded: 'Клиенты подключения добавлены.',
    clientUpdated: 'Клиент подключения обновлён.',
    clientDeleted: 'Клиент подключения удалён.',
    trafficReset: 'Трафик сброшен.',
    wrongLogin: 'Неверное имя пользователя, пароль или код двухфакторной аутентификации.',
    loggedIn: ' Вы успешно вошли в аккаунт.',
    emptyUsername: 'Введите имя пользователя',
    emptyPassword: 'Введите пароль',
  },
};

const InboundIds = z.object({ inboundIds: z.array(z.int()).default([]) });
const Created = InboundIds.extend({ client: XuiClient });
const Updated = XuiClient.extend({ limitHwid: z.int().default(0) });
const Counted = z.object({ upload: z.int().default(0), download: z.int().default(0) });
const Emails = z.object({ emails: z.array(z.string()) });
const Adjusted = Emails.extend({ addDays: z.int().default(0), addBytes: z.int().default(0) });
const PageQuery = z.looseObject({
  page: z.coerce.number().int().default(1),
  pageSize: z.coerce.number().int().default(25),
  search: z.string().default(''),
});

/** An inbound, of which calls about clients send two fields. `settings` is JSON in a string. */
const ClientsOfInbound = z.object({
  id: z.coerce.number().int(),
  settings: z
    .string()
    .transform((text, ctx) => {
      try {
        return JSON.parse(text) as unknown;
      } catch {
        ctx.addIssue({ code: 'custom', message: 'unexpected end of JSON input' });
        return z.NEVER;
      }
    })
    .pipe(z.object({ clients: z.array(XuiClient).min(1) })),
});

/** What is asked about clients, by method and path; what comes back is `obj`. */
export interface ClientCall {
  readonly target: PanelTarget;
  /** What the panel says before what went wrong, and what when nothing did. */
  readonly failed?: Word;
  readonly done?: Word;
  run(asked: { params: Readonly<Record<string, string>>; query: object; body: unknown }): unknown;
}

export type ClientCalls = Readonly<Record<string, ClientCall>>;

/** Up to 3.0: a client belongs to one inbound, and is changed by way of it. */
export const legacyClientCalls = (state: XuiState): ClientCalls => ({
  'POST /inbounds/addClient': {
    target: 'create',
    done: 'clientAdded',
    async run({ body }) {
      const { id, settings } = ClientsOfInbound.parse(body);
      await state.addClients(id, settings.clients);
    },
  },
  'POST /inbounds/updateClient/:clientId': {
    target: 'change',
    done: 'clientUpdated',
    async run({ params, body }) {
      const { id, settings } = ClientsOfInbound.parse(body);
      await state.updateClient(id, params['clientId']!, settings.clients[0]!);
    },
  },
  'POST /inbounds/:id/delClient/:clientId': {
    target: 'remove',
    done: 'clientDeleted',
    run: ({ params: { id, clientId } }) => state.removeByKey(Number(id), clientId!),
  },
  'POST /inbounds/:id/delClientByEmail/:email': {
    target: 'remove',
    async run({ params: { id, email } }) {
      const inbound = state.inbound(Number(id));
      if (!inbound.clients.some((one) => one.email === email))
        throw new XuiError(`client with email ${email} not found`);
      await state.remove(inbound, (one) => one.email === email);
    },
  },
  'GET /inbounds/getClientTraffics/:email': {
    target: 'read',
    failed: 'trafficGetError',
    run({ params }) {
      const email = params['email']!;
      const client = state.client(email);
      const row = state.traffic(email);
      if (!row) throw new XuiError(`Inbound Not Found For Email: ${email}\n`);
      if (!client) throw new XuiError(`Client Not Found In Inbound For Email: ${email}\n`);
      return { ...row, enable: client.enable, uuid: client.id, subId: client.subId };
    },
  },
  'GET /inbounds/getClientTrafficsById/:id': {
    target: 'read',
    run: ({ params }) =>
      state
        .clients()
        .filter((one) => one.id === params['id'])
        .flatMap((one) => state.traffic(one.email) ?? [])
        .map((row) => ({ ...row, uuid: params['id'], subId: state.client(row.email)!.subId })),
  },
  'POST /inbounds/:id/resetClientTraffic/:email': {
    target: 'reset',
    done: 'trafficReset',
    run: ({ params }) => state.resetTraffic(params['email']!),
  },
  'POST /inbounds/updateClientTraffic/:email': {
    target: 'reset',
    done: 'clientUpdated',
    run: ({ params, body }) => setTraffic(state, params['email']!, body),
  },
  'POST /inbounds/clientIps/:email': { target: 'read', run: () => 'No IP Record' },
  'POST /inbounds/onlines': { target: 'list', run: () => onlines(state) },
  'POST /inbounds/lastOnline': { target: 'list', run: () => lastOnline(state) },
});

/** From 3.1: a client has a life of its own, and is in any number of inbounds. */
export function clientCalls(state: XuiState): ClientCalls {
  const known = (email: string): XuiClient => {
    const found = state.client(email);
    if (!found) throw new XuiError('record not found');
    return found;
  };
  const idsOf = (email: string) => state.inboundsOf(email).map(({ id }) => id);
  const attach = async (client: XuiClient, ids: readonly number[]) => {
    for (const id of ids) {
      const inbound = state.inbound(id);
      const isThere = inbound.clients.some((one) => one.email.toLowerCase() === client.email.toLowerCase());
      if (!isThere) await state.addToInbound(inbound, [withDefaults(client, inbound.protocol)]);
    }
  };
  const update = async (email: string, changed: XuiClient, only?: readonly number[]) => {
    const before = known(email);
    const { id, password, subId } = before;
    // Left out, these stay as they are; everything else becomes what Go makes of nothing.
    const kept = { id: changed.id || id, password: changed.password || password, subId: changed.subId || subId };
    const client = { ...changed, ...kept };
    checkWords(client);
    if (state.clients().some((one) => one !== before && one.email !== email && one.subId === client.subId))
      throw new XuiError(`Duplicate subId: ${client.subId}\n`);
    for (const inbound of state.inboundsOf(email))
      if (!only || only.includes(inbound.id))
        await state.replace(
          inbound,
          inbound.clients.find((one) => one.email === email)!,
          client,
        );
  };

  return {
    'GET /clients/list': {
      target: 'list',
      run: () =>
        state.clients().map((one) => ({
          ...recordOf(one),
          inboundIds: idsOf(one.email),
          traffic: state.traffic(one.email),
        })),
    },
    'GET /clients/list/paged': {
      target: 'list',
      run({ query }) {
        const asked = PageQuery.parse(query);
        const [page, pageSize] = [Math.max(1, asked.page), asked.pageSize > 0 ? Math.min(200, asked.pageSize) : 25];
        const needle = asked.search.trim().toLowerCase();
        const all = state.clients();
        const found = all.filter(({ email, subId, comment, id, password }) =>
          [email, subId, comment, id, password].some((text) => text.toLowerCase().includes(needle)),
        );
        const items = found.slice((page - 1) * pageSize, page * pageSize).map((one) => {
          const { email, subId, enable, totalGB, expiryTime, limitIp, limitHwid, reset, comment } = recordOf(one);
          const row = { email, subId, enable, totalGB, expiryTime, limitIp, limitHwid, reset, comment };
          return { ...row, inboundIds: idsOf(email), traffic: state.traffic(email) };
        });
        const summary = { total: all.length, active: all.filter(({ enable }) => enable).length };
        return { items, total: all.length, filtered: found.length, page, pageSize, summary, groups: [] };
      },
    },
    'GET /clients/get/:email': {
      target: 'read',
      failed: 'obtain',
      run({ params }) {
        const client = known(params['email']!);
        const row = state.traffic(client.email);
        const usedTraffic = row ? row.up + row.down : 0;
        return { client: recordOf(client), inboundIds: idsOf(client.email), externalLinks: [], usedTraffic };
      },
    },
    'GET /clients/traffic/:email': {
      target: 'read',
      failed: 'trafficGetError',
      run: ({ params }) => state.traffic(known(params['email']!).email),
    },
    'POST /clients/add': {
      target: 'create',
      done: 'clientAdded',
      async run({ body }) {
        const { client: asked, inboundIds } = Created.parse(body);
        if (asked.email.trim() === '') throw new XuiError('client email is required\n');
        if (inboundIds.length === 0) throw new XuiError('at least one inbound is required\n');
        const before = state.client(asked.email);
        if (before && (before.subId === '' || before.subId !== asked.subId))
          throw new XuiError(`email already in use: ${asked.email}\n`);
        const client: XuiClient = {
          ...asked,
          id: asked.id || (before?.id ?? ''),
          password: asked.password || (before?.password ?? ''),
          subId: asked.subId || randomUUID(),
          // A new client is on, whatever was asked for.
          enable: true,
        };
        checkWords(client);
        if (state.clients().some((one) => one.email !== client.email && one.subId === client.subId))
          throw new XuiError(`subId already in use: ${client.subId}\n`);
        await attach(client, inboundIds);
      },
    },
    'POST /clients/update/:email': {
      target: 'change',
      done: 'clientUpdated',
      async run({ params, query, body }) {
        const { inboundIds } = z.looseObject({ inboundIds: z.string().optional() }).parse(query);
        await update(params['email']!, Updated.parse(body), inboundIds?.split(',').map(Number));
      },
    },
    'POST /clients/del/:email': {
      target: 'remove',
      done: 'clientDeleted',
      async run({ params }) {
        const email = params['email']!;
        const inbounds = state.inboundsOf(email);
        if (inbounds.length === 0)
          throw new XuiError(`client ${JSON.stringify(email)} not found in any inbound or client record\n`);
        for (const inbound of inbounds) await state.remove(inbound, (one) => one.email === email);
      },
    },
    'POST /clients/:email/attach': {
      target: 'change',
      done: 'clientAdded',
      run: ({ params, body }) => attach(known(params['email']!), InboundIds.parse(body).inboundIds),
    },
    'POST /clients/:email/detach': {
      target: 'change',
      done: 'clientUpdated',
      async run({ params, body }) {
        const { email } = known(params['email']!);
        for (const id of InboundIds.parse(body).inboundIds)
          await state.remove(state.inbound(id), (one) => one.email === email);
      },
    },
    // Switches on as well whoever was off.
    'POST /clients/resetTraffic/:email': {
      target: 'reset',
      done: 'trafficReset',
      run({ params }) {
        const { email } = known(params['email']!);
        state.editClient(email, (client) => ({ ...client, enable: true }));
        state.resetTraffic(email);
      },
    },
    'POST /clients/updateTraffic/:email': {
      target: 'reset',
      done: 'clientUpdated',
      run: ({ params, body }) => setTraffic(state, params['email']!, body),
    },
    // Adds to what there is: asked twice, it adds twice. Who has no limit is left out.
    'POST /clients/bulkAdjust': {
      target: 'change',
      async run({ body }) {
        const { emails, addDays, addBytes } = Adjusted.parse(body);
        const found = emails.flatMap((email) => state.client(email) ?? []);
        for (const one of found) {
          const expiryTime = one.expiryTime > 0 ? one.expiryTime + addDays * 86_400_000 : one.expiryTime;
          const totalGB = one.totalGB > 0 ? one.totalGB + addBytes : one.totalGB;
          await update(one.email, { ...one, expiryTime, totalGB });
        }
        return { adjusted: found.length, skipped: emails.length - found.length };
      },
    },
    'POST /clients/onlines': { target: 'list', run: () => onlines(state) },
    'POST /clients/lastOnline': { target: 'list', run: () => lastOnline(state) },
    'POST /clients/hwids/:email': { target: 'read', run: () => [] },
  };
}

/** As the table of clients has it: other names than in an inbound. */
function recordOf({ id: uuid, created_at: createdAt, updated_at: updatedAt, ...client }: XuiClient) {
  const { limitHwid = 0, tgId } = client as { limitHwid?: number; tgId: number | string };
  return { ...client, uuid, tgId: Number(tgId) || 0, limitHwid, reverse: null, createdAt, updatedAt };
}

function withDefaults(client: XuiClient, protocol: string): XuiClient {
  if (protocol === 'vless') return { ...client, id: client.id || randomUUID() };
  return { ...client, password: client.password || randomUUID().replaceAll('-', '') };
}

function checkWords({ email, subId }: XuiClient): void {
  if (/[/\\\s\x00-\x1f\x7f]/.test(email)) throw new XuiError(`client email contains an invalid character: ${email}\n`);
  if (/[/\\\s\x00-\x1f\x7f]/.test(subId)) throw new XuiError(`client subId contains an invalid character: ${subId}\n`);
}

function setTraffic(state: XuiState, email: string, body: unknown): void {
  const { upload: up, download: down } = Counted.parse(body);
  const row = state.traffic(email);
  if (row) Object.assign(row, { up, down });
}

/** Who has transferred something within the last ten seconds. */
const onlines = (state: XuiState) =>
  [...state.allTraffic()].filter(({ lastOnline }) => Date.now() - lastOnline < 10_000).map(({ email }) => email);

const lastOnline = (state: XuiState) =>
  Object.fromEntries([...state.allTraffic()].map(({ email, lastOnline: at }) => [email, at]));
