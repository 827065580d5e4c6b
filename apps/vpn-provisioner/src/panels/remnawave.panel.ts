import { z } from 'zod';
import {
  confirmed,
  definePanel,
  differences,
  type Endpoint,
  PanelDisagrees,
  PanelRefused,
  PanelUnavailable,
  type PanelUser,
  secondsOf,
  type SeenUser,
} from './panel';
import { PanelHttp, type PanelRequest, understood, wordsOf } from './panel-http';
import { endpointOf } from './share-link';

const User = z.looseObject({
  /** From 3.0 a user is named by it in paths, before by the UUID. */
  id: z.int(),
  uuid: z.string().optional(),
  username: z.string(),
  status: z.string(),
  /** 0: without limit. */
  trafficLimitBytes: z.number(),
  expireAt: z.coerce.date(),
  /** 0: any number; null: what the panel's own settings say. */
  hwidDeviceLimit: z.int().nullable(),
  vlessUuid: z.string(),
  trojanPassword: z.string(),
  activeInternalSquads: z.array(z.looseObject({ uuid: z.string() })),
  userTraffic: z.looseObject({ usedTrafficBytes: z.number(), onlineAt: z.coerce.date().nullable() }),
});
type User = z.output<typeof User>;

const answerOf = <Schema extends z.ZodType>(response: Schema) => z.object({ response });
const OneUser = answerOf(User);
const Users = answerOf(
  z.looseObject({
    users: z.array(User),
    nextCursor: z.union([z.string(), z.number()]).nullable(),
    hasMore: z.boolean(),
  }),
);
const Metadata = answerOf(z.looseObject({ version: z.string() }));
const Nodes = answerOf(
  z.array(
    z.looseObject({
      isConnected: z.boolean(),
      isDisabled: z.boolean(),
      usersOnline: z.number().nullish(),
      system: z
        .looseObject({
          info: z.looseObject({ cpus: z.number(), memoryTotal: z.number() }),
          stats: z.looseObject({ memoryUsed: z.number(), loadAvg: z.array(z.number()) }),
        })
        .nullish(),
    }),
  ),
);
const Subscription = answerOf(z.looseObject({ links: z.array(z.string()) }));
const Problem = z.looseObject({
  message: z.union([z.string(), z.array(z.string())]).optional(),
  errorCode: z.string().optional(),
  errors: z.unknown().optional(),
});

const USER_NOT_FOUND = 'A025';
/** Disabled, or enabled, already. */
const DONE_ALREADY = ['A029', 'A030'];
const PAGE_SIZE = 500;

/** 2.8 and 3.x. Source: remnawave/backend, v2.8.1 and v3.3.2. */
export const remnawave = definePanel({
  kind: 'remnawave',
  settings: z.strictObject({
    squads: z
      .array(z.uuid())
      .min(1)
      .describe('Internal squads that people are put into: they reach the nodes of these.'),
    gateHeader: z
      .string()
      .optional()
      .describe('Header by which a proxy before the panel lets us in; its value is a secret.'),
    certSha256: z
      .string()
      .regex(/^[0-9A-Fa-f:]{64,95}$/)
      .optional()
      .describe('Fingerprint of the certificate that the panel has made for itself.'),
  }),
  secrets: ['token', 'gate'],
  lacks: ['rekeying'],

  create(account) {
    const { url, settings, secret } = account;
    const { squads, gateHeader, certSha256 } = settings;
    const http = new PanelHttp(account, certSha256);
    const headers = {
      authorization: `Bearer ${secret('token') ?? ''}`,
      ...(gateHeader !== undefined && { [gateHeader]: secret('gate') ?? '' }),
      // Without a proxy before it, as within a network of containers, the panel hangs up on whoever does not say this.
      ...(url.startsWith('http:') && { 'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'https' }),
    };

    /** Undefined: there is no such user, or it is done already. @throws PanelRefused */
    async function ask<Schema extends z.ZodType>(
      operation: string,
      schema: Schema,
      request: PanelRequest,
      signal: AbortSignal,
    ): Promise<z.output<Schema> | undefined> {
      const answer = await http.ask(operation, { ...request, path: `/api${request.path}`, headers }, signal);
      const { status, body } = answer;
      if (status < 300) return understood(schema, answer);
      const { errorCode, message, errors } = Problem.safeParse(body).data ?? {};
      if (errorCode !== undefined && [USER_NOT_FOUND, ...DONE_ALREADY].includes(errorCode)) return undefined;
      if (status === 401 || status === 403)
        throw new PanelUnavailable('unauthorized', `the panel does not let the token do that (${status})`);
      if (status === 404) throw new PanelUnavailable('unintelligible', 'the panel has no such call (404)');
      throw new PanelRefused(wordsOf(errors === undefined ? message : { message, errors }));
    }

    const find = async (name: string, signal: AbortSignal) =>
      (await ask('read', OneUser, { path: `/users/by-username/${encodeURIComponent(name)}` }, signal))?.response;
    const at = ({ uuid, id }: User) => `/users/${uuid ?? id}`;
    const act = (operation: string, user: User, action: string, signal: AbortSignal) =>
      ask(operation, z.unknown(), { method: 'POST', path: `${at(user)}/actions/${action}` }, signal);

    const limitsOf = ({ limitBytes, devices }: PanelUser) => ({
      trafficLimitBytes: limitBytes ?? 0,
      trafficLimitStrategy: 'NO_RESET',
      hwidDeviceLimit: devices ?? 0,
      activeInternalSquads: squads,
    });
    const expireAt = ({ expiresAt }: PanelUser) => new Date(secondsOf(expiresAt)! * 1000).toISOString();

    async function create(user: PanelUser, signal: AbortSignal): Promise<void> {
      const { uuid: vlessUuid, password } = user.credentials;
      const body = {
        ...{ username: user.name, vlessUuid, trojanPassword: password, ssPassword: password },
        ...{ ...limitsOf(user), expireAt: expireAt(user), status: user.enabled ? 'ACTIVE' : 'DISABLED' },
      };
      await ask('create', z.unknown(), { method: 'POST', path: '/users', body }, signal).catch(
        async (error: unknown) => {
          // Somebody else has made it meanwhile.
          if (!(error instanceof PanelRefused) || !(await find(user.name, signal))) throw error;
        },
      );
    }

    async function change(user: PanelUser, before: User, signal: AbortSignal): Promise<void> {
      // An end that is past is refused: whoever is over is disabled.
      const isOver = user.expiresAt.getTime() <= Date.now();
      const isOff = isOver || !user.enabled;
      const body = {
        ...{ username: user.name, ...limitsOf(user), ...(!isOver && { expireAt: expireAt(user) }) },
        // Said only where it has to change: of whoever is used up or over the panel decides by what they get.
        ...(!isOff && before.status === 'DISABLED' && { status: 'ACTIVE' }),
        ...(isOff && before.status === 'ACTIVE' && { status: 'DISABLED' }),
      };
      await ask('change', z.unknown(), { method: 'PATCH', path: '/users', body }, signal);
      const after = await find(user.name, signal);
      if (!after) return;
      if (!user.enabled && after.status !== 'DISABLED') await act('change', after, 'disable', signal);
      if (!isOff && after.status !== 'ACTIVE' && !isEnded(after)) await act('change', after, 'enable', signal);
    }

    const remove = (user: User, signal: AbortSignal) =>
      ask('remove', z.unknown(), { method: 'DELETE', path: at(user) }, signal);

    function seenOf(user: User): SeenUser {
      const { status, trafficLimitBytes, hwidDeviceLimit, activeInternalSquads, userTraffic } = user;
      const isInPlace =
        activeInternalSquads.length === squads.length &&
        activeInternalSquads.every(({ uuid }) => squads.includes(uuid));
      return {
        name: user.username,
        enabled: status !== 'DISABLED' && isInPlace,
        isServed: status === 'ACTIVE' && activeInternalSquads.length > 0 && !isEnded(user),
        expiresAt: user.expireAt,
        limitBytes: trafficLimitBytes || null,
        // What is not said of a user is not what we have said.
        devices: hwidDeviceLimit === 0 ? null : (hwidDeviceLimit ?? 0),
        usedBytes: userTraffic.usedTrafficBytes,
        credentials: { uuid: user.vlessUuid, password: user.trojanPassword },
        onlineAt: userTraffic.onlineAt,
      };
    }

    return {
      async ensure(user, signal) {
        const before = await find(user.name, signal);
        const different = differences(user, before && seenOf(before));
        if (!before) {
          await create(user, signal);
        } else if (different.includes('credentials')) {
          // They cannot be changed.
          await remove(before, signal);
          await create(user, signal);
        } else if (different.length > 0) {
          await change(user, before, signal);
        }
        const found = before && different.length === 0 ? before : await find(user.name, signal);
        return confirmed(user, found && seenOf(found));
      },

      async read(name, signal) {
        const found = await find(name, signal);
        return found && seenOf(found);
      },

      async remove(name, signal) {
        const found = await find(name, signal);
        if (!found) return;
        await remove(found, signal);
        if (await find(name, signal))
          throw new PanelDisagrees(`the panel has removed ${name}, and still shows it`, ['name']);
      },

      async *list(signal) {
        let cursor: string | number | null = null;
        do {
          const query: URLSearchParams = new URLSearchParams({
            size: String(PAGE_SIZE),
            ...(cursor !== null && { cursor: String(cursor) }),
          });
          const page: z.output<typeof Users> | undefined = await ask(
            'list',
            Users,
            { path: `/users/stream?${query}` },
            signal,
          );
          for (const user of page!.response.users) yield seenOf(user);
          cursor = page!.response.hasMore ? page!.response.nextCursor : null;
        } while (cursor !== null);
      },

      async health(signal) {
        const { version } = (await ask('health', Metadata, { path: '/system/metadata' }, signal))!.response;
        const nodes = (await ask('health', Nodes, { path: '/nodes' }, signal))!.response;
        const working = nodes.filter(({ isConnected, isDisabled }) => isConnected && !isDisabled);
        if (working.length === 0) throw new PanelUnavailable('failed', 'no node of the panel is connected');
        const systems = working.flatMap(({ system }) => system ?? []);
        const highest = (shares: number[]) => (shares.length > 0 ? Math.min(1, Math.max(...shares)) : null);
        return {
          version,
          onlineUsers: working.reduce((sum, { usersOnline }) => sum + (usersOnline ?? 0), 0),
          cpu: highest(systems.map(({ info, stats }) => (stats.loadAvg[0] ?? 0) / info.cpus)),
          memory: highest(systems.map(({ info, stats }) => stats.memoryUsed / info.memoryTotal)),
        };
      },

      async endpoints(name, signal) {
        const path = `/subscriptions/by-username/${encodeURIComponent(name)}`;
        const found = await ask('read', Subscription, { path }, signal);
        return (found?.response.links ?? []).flatMap((link): Endpoint | [] => endpointOf(link) ?? []);
      },
    };
  },
});

/** Jobs of the panel say so some moments later. */
const isEnded = ({ trafficLimitBytes, expireAt, userTraffic }: User) =>
  expireAt.getTime() <= Date.now() || (trafficLimitBytes > 0 && userTraffic.usedTrafficBytes >= trafficLimitBytes);
