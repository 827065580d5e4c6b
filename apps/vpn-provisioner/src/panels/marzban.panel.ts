import { z } from 'zod';
import {
  confirmed,
  definePanel,
  differences,
  type Lack,
  PanelDisagrees,
  type PanelHealth,
  PanelRefused,
  PanelUnavailable,
  type PanelUser,
  secondsOf,
  type SeenUser,
} from './panel';
import { type PanelAnswer, PanelHttp, type PanelRequest, PanelSession, understood, wordsOf } from './panel-http';
import { endpointOf } from './share-link';

/** Source: github.com/Gozargah/Marzban 0.8.4, app/routers and app/models. PasarGuard, its successor, speaks another API. */
const Token = z.object({ access_token: z.string().min(1) });
const Proxies = z.object({
  vless: z.looseObject({ id: z.string(), flow: z.string().nullish() }).optional(),
  trojan: z.looseObject({ password: z.string() }).optional(),
  shadowsocks: z.looseObject({ password: z.string() }).optional(),
});
const User = z.object({
  username: z.string(),
  status: z.string(),
  expire: z.int().nullable(),
  data_limit: z.int().nullable(),
  used_traffic: z.int(),
  proxies: Proxies,
  /** In UTC, and it does not say so. */
  online_at: z.string().nullish(),
  links: z.array(z.string()).default([]),
});
type User = z.output<typeof User>;
const Page = z.object({ users: z.array(User), total: z.int() });
const System = z.object({
  version: z.string(),
  mem_total: z.number(),
  mem_used: z.number(),
  cpu_usage: z.number(),
  online_users: z.int(),
});
const Core = z.object({ started: z.boolean() });
const Refusal = z.object({ detail: z.unknown() });

const Protocol = z.enum(['vless', 'trojan', 'shadowsocks']);
type Protocol = z.output<typeof Protocol>;

const LACKS: readonly Lack[] = ['devices'];
const PAGE = 500;
/** Nobody is on hold who is ours; one that is would be let in at once. */
const SERVED = ['active', 'on_hold'];

export const marzban = definePanel({
  kind: 'marzban',
  settings: z.strictObject({
    username: z.string().min(1).describe('Of an administrator; one with all rights sees the users of others, too.'),
    protocols: z.array(Protocol).min(1).default(['vless']).describe('By which people are let in.'),
    inbounds: z
      .partialRecord(Protocol, z.array(z.string()).min(1))
      .default({})
      .describe('Tags of the inbounds of a protocol, where not all of them shall be used.'),
    flow: z.enum(['', 'xtls-rprx-vision']).default('').describe('Of VLESS.'),
    method: z
      .enum(['chacha20-ietf-poly1305', 'aes-128-gcm', 'aes-256-gcm', 'xchacha20-poly1305'])
      .default('chacha20-ietf-poly1305')
      .describe('Of Shadowsocks.'),
  }),
  secrets: ['password'],
  lacks: LACKS,

  create(account) {
    const { settings, secret } = account;
    const http = new PanelHttp(account);
    const session = new PanelSession(signIn);

    async function signIn(): Promise<string> {
      const body = new URLSearchParams({ username: settings.username, password: secret('password') ?? '' });
      const request = { method: 'POST', path: '/api/admin/token', body } as const;
      const answer = await http.ask('sign in', request, new AbortController().signal);
      if (answer.status === 401) throw new PanelUnavailable('unauthorized', `the panel says: ${refusalOf(answer)}`);
      return understood(Token, answer).access_token;
    }

    function ask(operation: string, request: PanelRequest, signal: AbortSignal): Promise<PanelAnswer> {
      return session.use(async (token) => {
        const headers = { authorization: `Bearer ${token}` };
        const answer = await http.ask(operation, { ...request, headers }, signal);
        return answer.status === 401 ? undefined : answer;
      }, signal);
    }

    /** @throws PanelRefused for what it has refused */
    async function take(operation: string, request: PanelRequest, signal: AbortSignal): Promise<PanelAnswer> {
      const answer = await ask(operation, request, signal);
      if (answer.status >= 400) throw new PanelRefused(refusalOf(answer));
      return answer;
    }

    async function find(name: string, signal: AbortSignal): Promise<User | undefined> {
      const answer = await ask('read', { path: pathOf(name) }, signal);
      if (answer.status === 404) return void understood(Refusal, answer);
      if (answer.status >= 400) throw new PanelRefused(refusalOf(answer));
      return understood(User, answer);
    }

    const read = async (name: string, signal: AbortSignal) => {
      const user = await find(name, signal);
      return user && seen(user, settings.protocols);
    };

    const fieldsOf = ({ credentials: { uuid, password }, expiresAt, limitBytes }: PanelUser) => {
      const all = {
        vless: { id: uuid, flow: settings.flow },
        trojan: { password },
        shadowsocks: { password, method: settings.method },
      };
      return {
        // A map that is given replaces the one that is there.
        proxies: Object.fromEntries(settings.protocols.map((protocol) => [protocol, all[protocol]])),
        inbounds: settings.inbounds,
        expire: secondsOf(expiresAt),
        // 0: none. Null would leave it as it is.
        data_limit: limitBytes ?? 0,
        data_limit_reset_strategy: 'no_reset',
      };
    };

    /** Told with everything else, the status is what these make of it: expired and limited ones wake up by that alone. */
    async function change(user: PanelUser, signal: AbortSignal): Promise<void> {
      const body = { ...fieldsOf(user), status: user.enabled ? 'active' : 'disabled' };
      const answer = await ask('change', { method: 'PUT', path: pathOf(user.name), body }, signal);
      // Gone meanwhile: it is not there when it is read back.
      if (answer.status >= 400 && answer.status !== 404) throw new PanelRefused(refusalOf(answer));
    }

    async function make(user: PanelUser, signal: AbortSignal): Promise<void> {
      const body = { username: user.name, ...fieldsOf(user), status: 'active' };
      const answer = await ask('create', { method: 'POST', path: '/api/user', body }, signal);
      if (answer.status >= 400 && answer.status !== 409) throw new PanelRefused(refusalOf(answer));
      // Another call has made it, or this one before its answer was lost. And none can be made that is disabled.
      if (answer.status === 409 || !user.enabled) await change(user, signal);
    }

    return {
      async ensure(user, signal) {
        const found = await read(user.name, signal);
        if (found && differences(user, found, LACKS).length === 0) return found;
        await (found ? change : make)(user, signal);
        return confirmed(user, await read(user.name, signal), LACKS);
      },

      read,

      async remove(name, signal) {
        const answer = await ask('remove', { method: 'DELETE', path: pathOf(name) }, signal);
        if (answer.status >= 400 && answer.status !== 404) throw new PanelRefused(refusalOf(answer));
        if (await find(name, signal))
          throw new PanelDisagrees(`the panel has removed ${name}, and still has it`, ['name']);
      },

      async *list(signal) {
        const names = new Set<string>();
        for (let offset = 0; ; offset += PAGE) {
          // By name: two may have been made within the same second, and their order would change from page to page.
          const query = new URLSearchParams({ offset: `${offset}`, limit: `${PAGE}`, sort: 'username' });
          const page = understood(Page, await take('list', { path: `/api/users?${query}` }, signal));
          for (const user of page.users) {
            // One that was made meanwhile moves those after it to the next page.
            if (!names.has(user.username)) yield seen(user, settings.protocols);
            names.add(user.username);
          }
          if (page.users.length < PAGE) return;
        }
      },

      async health(signal): Promise<PanelHealth> {
        const system = understood(System, await take('health', { path: '/api/system' }, signal));
        const core = understood(Core, await take('health', { path: '/api/core' }, signal));
        if (!core.started) throw new PanelUnavailable('failed', 'Xray is stopped');
        return {
          version: system.version,
          onlineUsers: system.online_users,
          cpu: system.cpu_usage / 100,
          memory: system.mem_used / system.mem_total,
        };
      },

      async endpoints(name, signal) {
        const user = await find(name, signal);
        return (user?.links ?? []).flatMap((link) => endpointOf(link) ?? []);
      },
    };
  },
});

const pathOf = (name: string) => `/api/user/${encodeURIComponent(name)}`;

const refusalOf = (answer: PanelAnswer) => wordsOf(understood(Refusal, answer).detail);

function seen(user: User, protocols: readonly Protocol[]): SeenUser {
  const {
    username,
    status,
    expire,
    data_limit: limitBytes,
    used_traffic: usedBytes,
    proxies,
    online_at: online,
  } = user;
  const passwords = (['trojan', 'shadowsocks'] as const).filter((protocol) => protocols.includes(protocol));
  // One protocol less than there should be is another password, and another id.
  const told = new Set(passwords.map((protocol) => proxies[protocol]?.password ?? ''));
  return {
    name: username,
    enabled: status !== 'disabled',
    isServed: SERVED.includes(status),
    expiresAt: expire === null ? null : new Date(expire * 1000),
    limitBytes,
    devices: null,
    usedBytes,
    credentials: {
      ...(protocols.includes('vless') && { uuid: proxies.vless?.id ?? '' }),
      ...(told.size > 0 && { password: [...told].join(' ') }),
    },
    onlineAt: online ? new Date(`${online.replace(/Z$/, '')}Z`) : null,
  };
}
