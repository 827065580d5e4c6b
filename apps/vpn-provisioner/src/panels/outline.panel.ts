import { z } from 'zod';
import {
  confirmed,
  definePanel,
  differences,
  type Lack,
  PanelDisagrees,
  PanelRefused,
  PanelUnavailable,
  type PanelUser,
  type SeenUser,
} from './panel';
import { type PanelAnswer, PanelHttp, type PanelRequest, understood, wordsOf } from './panel-http';
import { endpointOf } from './share-link';

/**
 * Source: github.com/OutlineFoundation/outline-server, src/shadowbox/server/manager_service.ts. Keys with an id and a password of our
 * choice are known from 1.7 on.
 */
const Key = z.object({
  id: z.string(),
  password: z.string(),
  port: z.int(),
  method: z.string(),
  dataLimit: z.object({ bytes: z.int() }).optional(),
  accessUrl: z.string(),
});
type Key = z.output<typeof Key>;
const Keys = z.object({ accessKeys: z.array(Key) });
const Transfer = z.object({ bytesTransferredByUserId: z.record(z.string(), z.int()) });
const Server = z.object({ version: z.string() });
const Refusal = z.object({ code: z.string(), message: z.string() });

const LACKS: readonly Lack[] = ['expiry', 'devices'];

/** A key without a limit has that of the server, which somebody may set; one that nobody reaches is none. */
const UNLIMITED = 1_000_000_000_000_000;

/**
 * Knows keys and what went through them in the last thirty days. One that shall not be served has a limit of 0, by which it keeps
 * what it is: removed and made again it is the same as well, but only with the port that it had.
 */
export const outline = definePanel({
  kind: 'outline',
  settings: z.strictObject({
    certSha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/i)
      .describe('Of `certSha256`, which the server was installed with.'),
    method: z
      .enum(['chacha20-ietf-poly1305', 'aes-128-gcm', 'aes-192-gcm', 'aes-256-gcm'])
      .default('chacha20-ietf-poly1305'),
  }),
  /** What follows the port in `apiUrl`. Whoever knows it may do everything. */
  secrets: ['apiPath'],
  lacks: LACKS,
  counts: 'last-30-days',

  create(account) {
    const { settings, secret } = account;
    const http = new PanelHttp(account, settings.certSha256);
    const root = `/${(secret('apiPath') ?? '').replace(/^\/|\/$/g, '')}`;

    async function ask(
      operation: string,
      { path, ...request }: PanelRequest,
      signal: AbortSignal,
    ): Promise<PanelAnswer> {
      const answer = await http.ask(operation, { ...request, path: root + path }, signal);
      // A key that is not there is told otherwise. The words repeat the path, which nobody shall read.
      if (answer.status === 404 && understood(Refusal, answer).code.startsWith('ResourceNotFound'))
        throw new PanelUnavailable('unauthorized', 'Outline is not at this path, or is older than 1.7');
      return answer;
    }

    /** Undefined: there is no such key. @throws PanelRefused */
    async function take(
      operation: string,
      request: PanelRequest,
      signal: AbortSignal,
    ): Promise<PanelAnswer | undefined> {
      const answer = await ask(operation, request, signal);
      if (answer.status === 404) return undefined;
      if (answer.status >= 400) throw new PanelRefused(refusalOf(answer));
      return answer;
    }

    async function usage(signal: AbortSignal) {
      const answer = await ask('usage', { path: '/metrics/transfer' }, signal);
      return understood(Transfer, answer).bytesTransferredByUserId;
    }

    async function find(name: string, signal: AbortSignal): Promise<{ key: Key; user: SeenUser } | undefined> {
      const answer = await take('read', { path: pathOf(name) }, signal);
      const key = answer && understood(Key, answer);
      return key && { key, user: seen(key, await usage(signal)) };
    }

    async function limit({ name, enabled, limitBytes }: PanelUser, signal: AbortSignal): Promise<void> {
      const body = { limit: { bytes: enabled ? (limitBytes ?? UNLIMITED) : 0 } };
      await take('change', { method: 'PUT', path: `${pathOf(name)}/data-limit`, body }, signal);
    }

    async function make(user: PanelUser, before: Partial<Key>, signal: AbortSignal): Promise<void> {
      const { name, credentials } = user;
      const { port, method = settings.method } = before;
      const body = { name, password: credentials.password, method, ...(port !== undefined && { port }) };
      const answer = await ask('create', { method: 'PUT', path: pathOf(name), body }, signal);
      // Another call has made it, or this one before its answer was lost; or else its password or its port is taken.
      const isThere = answer.status === 409 && (await take('read', { path: pathOf(name) }, signal)) !== undefined;
      if (answer.status >= 400 && !isThere) throw new PanelRefused(refusalOf(answer));
    }

    const remove = (name: string, signal: AbortSignal) =>
      take('remove', { method: 'DELETE', path: pathOf(name) }, signal);

    return {
      async ensure(user, signal) {
        const found = await find(user.name, signal);
        const differs = differences(user, found?.user, LACKS);
        if (found?.key.dataLimit && differs.length === 0) return found.user;
        // A password cannot be changed.
        if (differs.includes('credentials')) await remove(user.name, signal);
        if (!found || differs.includes('credentials')) await make(user, found?.key ?? {}, signal);
        // Of one that was just made as well: only this makes the server look at limits, which it else does once an hour.
        await limit(user, signal);
        return confirmed(user, (await find(user.name, signal))?.user, LACKS);
      },

      read: async (name, signal) => (await find(name, signal))?.user,

      async remove(name, signal) {
        await remove(name, signal);
        if (await take('read', { path: pathOf(name) }, signal))
          throw new PanelDisagrees(`the panel has removed ${name}, and still has it`, ['name']);
      },

      async *list(signal) {
        const { accessKeys } = understood(Keys, await ask('list', { path: '/access-keys' }, signal));
        const used = await usage(signal);
        for (const key of accessKeys) yield seen(key, used);
      },

      async health(signal) {
        const { version } = understood(Server, await ask('health', { path: '/server' }, signal));
        return { version, onlineUsers: null, cpu: null, memory: null };
      },

      async endpoints(name, signal) {
        const found = await find(name, signal);
        return (found ? [found.key.accessUrl] : []).flatMap((link) => endpointOf(link) ?? []);
      },
    };
  },
});

const pathOf = (name: string) => `/access-keys/${encodeURIComponent(name)}`;

const refusalOf = (answer: PanelAnswer) => wordsOf(understood(Refusal, answer).message);

function seen({ id, password, dataLimit, accessUrl }: Key, used: Readonly<Record<string, number>>): SeenUser {
  const bytes = dataLimit?.bytes ?? UNLIMITED;
  // Keys through which nothing went are left out.
  const usedBytes = used[id] ?? 0;
  return {
    name: id,
    enabled: bytes > 0,
    isServed: usedBytes < bytes,
    expiresAt: null,
    limitBytes: bytes === 0 || bytes >= UNLIMITED ? null : bytes,
    devices: null,
    usedBytes,
    credentials: { password },
    onlineAt: null,
    accessKey: accessUrl,
  };
}
