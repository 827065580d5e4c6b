import express, { type ErrorRequestHandler, type Request, type Response, Router } from 'express';
import { z } from 'zod';
import { HttpError } from '../kit/http';
import type { PanelServers, PanelTarget } from '../kit/panel-servers';
import { INBOUNDS, inboundsOf, Protocol } from './marzban.inbounds';
import {
  type Admin,
  isoNow,
  isServed,
  type MarzbanServer,
  Status,
  type User,
  UserFields,
  VERSION,
} from './marzban.server';

/** Source: app/routers of Marzban 0.8.4. */

/** A refusal in the form of FastAPI. */
class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly detail: string | Record<string, string>,
    readonly headers: Record<string, string> = {},
  ) {
    super(typeof detail === 'string' ? detail : JSON.stringify(detail));
  }
}

const USERNAME = /^(?=\w{3,32}\b)[a-zA-Z0-9-_@.]+(?:_[a-zA-Z0-9-_@.]+)*$/;
const BEARER = { 'www-authenticate': 'Bearer' };

const Token = z.object({ username: z.string(), password: z.string() });
const NewAdmin = z.object({ username: z.string(), password: z.string(), is_sudo: z.boolean() });
const NewUser = UserFields.extend({ username: z.string(), status: z.enum(['active', 'on_hold']).nullish() });
const ChangedUser = UserFields.extend({ status: z.enum(['active', 'disabled', 'on_hold']).nullish() });

/** Lists of FastAPI: one value or several under the same name. */
const Several = z.preprocess(
  (value) => (value === undefined || Array.isArray(value) ? value : [value]),
  z.array(z.string()).optional(),
);
const UsersQuery = z.object({
  offset: z.coerce.number().int().default(0),
  limit: z.coerce.number().int().optional(),
  username: Several,
  admin: Several,
  search: z.string().optional(),
  status: Status.optional(),
  sort: z.string().optional(),
});

const SORTED_BY = {
  username: ({ username }: User) => username,
  used_traffic: ({ used_traffic }: User) => used_traffic,
  data_limit: ({ data_limit }: User) => data_limit ?? 0,
  expire: ({ expire }: User) => expire ?? 0,
  created_at: ({ created_at }: User) => created_at,
};

type Endpoint = (req: Request, res: Response, server: MarzbanServer, admin: Admin) => unknown;

export function api(servers: PanelServers<MarzbanServer>): Router {
  const router = Router({ mergeParams: true });
  const endpoint = (target: PanelTarget, answer: Endpoint) =>
    servers.endpoint(target, (req, res, server) => answer(req, res, server, adminOf(req, server)));
  const ofUser = (
    target: PanelTarget,
    answer: (user: User, req: Request, res: Response, server: MarzbanServer) => unknown,
  ) =>
    endpoint(target, (req, res, server, admin) => {
      const user = server.find(String(req.params['username']));
      if (!user) throw new ApiError(404, 'User not found');
      if (!admin.is_sudo && user.admin !== admin.username) throw new ApiError(403, "You're not allowed");
      return answer(user, req, res, server);
    });

  router.use(express.json(), express.urlencoded());

  router.post(
    '/admin/token',
    servers.endpoint('login', (req, res, server) => {
      const form = parse(Token, req.body);
      const admin = server.admins.find(
        ({ username, password }) => username === form.username && password === form.password,
      );
      if (!admin) throw new ApiError(401, 'Incorrect username or password', BEARER);
      res.json({ access_token: server.tokenFor(admin), token_type: 'bearer' });
    }),
  );
  router.get(
    '/admin',
    endpoint('read', (_req, res, _server, admin) => res.json(shownAdmin(admin))),
  );
  router.get(
    '/admins',
    endpoint('list', (_req, res, server, admin) => {
      sudoOnly(admin);
      res.json(server.admins.map(shownAdmin));
    }),
  );
  router.post(
    '/admin',
    endpoint('create', (req, res, server, admin) => {
      sudoOnly(admin);
      const created = parse(NewAdmin, req.body);
      if (server.admins.some(({ username }) => username === created.username))
        throw new ApiError(409, 'Admin already exists');
      server.addAdmin(created);
      res.json(shownAdmin(created));
    }),
  );

  router.post(
    '/user',
    endpoint('create', (req, res, server, admin) => {
      const { username, ...fields } = parse(NewUser, req.body);
      if (!USERNAME.test(username))
        throw invalid(
          'username',
          'Username only can be 3 to 32 characters and contain a-z, 0-9, and underscores in between.',
        );
      if (Object.keys(fields.proxies ?? {}).length === 0)
        throw invalid('proxies', 'Each user needs at least one proxy');
      checkHold(fields);
      checkInbounds(fields);
      if (server.find(username)) throw new ApiError(409, 'User already exists');
      res.json(shown(server.create(username, admin.username, fields), server));
    }),
  );
  router
    .route('/user/:username')
    .get(ofUser('read', (user, _req, res, server) => res.json(shown(user, server))))
    .put(
      ofUser('change', (user, req, res, server) => {
        const fields = parse(ChangedUser, req.body);
        checkHold(fields);
        checkInbounds(fields);
        server.modify(user, fields);
        res.json(shown(user, server));
      }),
    )
    .delete(
      ofUser('remove', (user, _req, res, server) => {
        server.remove(user.username);
        res.json({ detail: 'User successfully deleted' });
      }),
    );
  router.post(
    '/user/:username/reset',
    ofUser('reset', (user, _req, res, server) => {
      server.reset(user);
      res.json(shown(user, server));
    }),
  );
  router.post(
    '/user/:username/revoke_sub',
    ofUser('change', (user, _req, res, server) => {
      server.revoke(user);
      res.json(shown(user, server));
    }),
  );
  router.get(
    '/user/:username/usage',
    ofUser('read', ({ username, used_traffic }, _req, res) =>
      res.json({ username, usages: [{ node_id: null, node_name: 'Master', used_traffic }] }),
    ),
  );
  router.get(
    '/users',
    endpoint('list', (req, res, server, admin) => {
      const { offset, limit, username, admin: owners, search = '', status, sort } = parse(UsersQuery, req.query);
      const found = server
        .all()
        .filter(
          (user) =>
            (admin.is_sudo ? (owners?.includes(user.admin) ?? true) : user.admin === admin.username) &&
            (username?.includes(user.username) ?? true) &&
            (status === undefined || user.status === status) &&
            `${user.username} ${user.note ?? ''}`.toLowerCase().includes(search.toLowerCase()),
        )
        .sort(orderOf(sort));
      // No limit, and a limit of 0: all of them.
      const page = found.slice(offset, limit ? offset + limit : undefined);
      res.json({ users: page.map((user) => shown(user, server)), total: found.length });
    }),
  );

  router.get(
    '/system',
    endpoint('health', (_req, res, server) => res.json(systemOf(server))),
  );
  router.get(
    '/core',
    endpoint('health', (_req, res, server) => res.json({ ...server.core, logs_websocket: '/api/core/logs' })),
  );
  router.get(
    '/nodes',
    endpoint('health', (_req, res, server, admin) => {
      sudoOnly(admin);
      res.json([{ ...NODE, ...server.node, xray_version: server.core.version }]);
    }),
  );
  router.get(
    '/inbounds',
    endpoint('read', (_req, res) => {
      const protocols = Protocol.options.filter((protocol) => inboundsOf(protocol).length > 0);
      res.json(Object.fromEntries(protocols.map((protocol) => [protocol, inboundsOf(protocol).map(shownInbound)])));
    }),
  );

  router.use((_req, _res, next) => next(new ApiError(404, 'Not Found')));
  router.use(answerRefusals);
  return router;
}

const NODE = {
  ...{ id: 1, name: 'second', address: '192.0.2.10', port: 62050, api_port: 62051 },
  usage_coefficient: 1,
};

const shownInbound = ({ tag, protocol, network, tls, port }: (typeof INBOUNDS)[number]) => ({
  ...{ tag, protocol, network, tls, port },
});

const answerRefusals: ErrorRequestHandler = (error: unknown, _req, res, next) => {
  if (error instanceof ApiError) res.status(error.status).set(error.headers).json({ detail: error.detail });
  // A body that is no JSON.
  else if ((error as { type?: string }).type === 'entity.parse.failed')
    res.status(422).json({ detail: { 0: 'JSON decode error' } });
  else next(error);
};

function adminOf(req: Request, server: MarzbanServer): Admin {
  const [, token] = /^Bearer (.+)$/i.exec(req.headers.authorization ?? '') ?? [];
  if (token === undefined) throw new ApiError(401, 'Not authenticated', BEARER);
  const admin = server.adminOf(token);
  if (!admin) throw new ApiError(401, 'Could not validate credentials', BEARER);
  return admin;
}

function sudoOnly({ is_sudo }: Admin): void {
  if (!is_sudo) throw new ApiError(403, "You're not allowed");
}

const invalid = (field: string, words: string) => new ApiError(422, { [field]: `Value error, ${words}` });

/** The mistakes by the last name in their place, in the words of pydantic. */
function parse<Schema extends z.ZodType>(schema: Schema, source: unknown): z.output<Schema> {
  const read = schema.safeParse(source ?? {});
  if (read.success) return read.data;
  const mistakes = read.error.issues.map((issue) => {
    const isMissing = issue.code === 'invalid_type' && /received undefined/.test(issue.message);
    const expected = issue.code === 'invalid_type' ? `Input should be a valid ${issue.expected}` : issue.message;
    return [String(issue.path.at(-1) ?? 'body'), isMissing ? 'Field required' : expected];
  });
  throw new ApiError(422, Object.fromEntries(mistakes) as Record<string, string>);
}

function checkHold({ status, expire, on_hold_expire_duration: duration }: UserFields): void {
  if (status !== 'on_hold') return;
  if (!duration) throw invalid('status', 'User cannot be on hold without a valid on_hold_expire_duration.');
  if (expire) throw invalid('status', 'User cannot be on hold with specified expire.');
}

function checkInbounds({ proxies, inbounds }: UserFields): void {
  for (const tag of Object.values(inbounds ?? {}).flat())
    if (!INBOUNDS.some((inbound) => inbound.tag === tag)) throw invalid('inbounds', `Inbound ${tag} doesn't exist`);
  for (const protocol of Object.keys(proxies ?? {}) as Protocol[])
    if (inboundsOf(protocol).length === 0) throw new ApiError(400, `Protocol ${protocol} is disabled on your server`);
}

function orderOf(sort: string | undefined): (a: User, b: User) => number {
  const keys = (sort ?? '').split(',').filter(Boolean);
  for (const key of keys)
    if (!Object.hasOwn(SORTED_BY, key.replace(/^-/, '')))
      throw new ApiError(400, `"${key}" is not a valid sort option`);
  return (a, b) => {
    for (const key of keys) {
      const value = SORTED_BY[key.replace(/^-/, '') as keyof typeof SORTED_BY];
      const [x, y] = [value(a), value(b)];
      if (x !== y) return (x < y ? -1 : 1) * (key.startsWith('-') ? -1 : 1);
    }
    return 0;
  };
}

const shownAdmin = ({ username, is_sudo }: Admin) => ({
  ...{ username, is_sudo, telegram_id: null, discord_webhook: null, users_usage: null },
});

function shown(user: User, server: MarzbanServer) {
  const { sub_revoked_at: _, admin, ...fields } = user;
  const owner = server.admins.find(({ username }) => username === admin);
  return {
    ...fields,
    excluded_inbounds: Object.fromEntries(
      (Object.keys(user.proxies) as Protocol[]).map((protocol) => [
        protocol,
        inboundsOf(protocol).flatMap(({ tag }) => (user.inbounds[protocol]?.includes(tag) ? [] : [tag])),
      ]),
    ),
    links: server.linksOf(user),
    subscription_url: server.subscriptionPath(user.username),
    admin: owner ? shownAdmin(owner) : null,
  };
}

const GIB = 1024 ** 3;
const DAY_MS = 86_400_000;

function systemOf(server: MarzbanServer) {
  const users = server.all();
  const count = (status: User['status']) => users.filter((user) => user.status === status).length;
  const since = Date.now() - DAY_MS;
  const online = users.filter(({ online_at }) => online_at && Date.parse(`${online_at}Z`) >= since).length;
  return {
    version: VERSION,
    ...{ mem_total: 4 * GIB, mem_used: GIB + users.length * 65_536, cpu_cores: 2 },
    cpu_usage: Math.min(99, 3 + users.filter(isServed).length / 10),
    ...{ total_user: users.length, online_users: online },
    ...{ users_active: count('active'), users_on_hold: count('on_hold'), users_disabled: count('disabled') },
    ...{ users_expired: count('expired'), users_limited: count('limited') },
    incoming_bandwidth: users.reduce((sum, { lifetime_used_traffic: used }) => sum + Math.round(used / 10), 0),
    outgoing_bandwidth: users.reduce((sum, { lifetime_used_traffic: used }) => sum + used, 0),
    ...{ incoming_bandwidth_speed: 0, outgoing_bandwidth_speed: 0 },
  };
}

/** What apps ask for: the list of links in base64, and what is known of the user. Other formats are not made. */
export function subscriptions(servers: PanelServers<MarzbanServer>): Router {
  const router = Router({ mergeParams: true });
  const ofToken = (answer: (user: User, req: Request, res: Response, server: MarzbanServer) => unknown) =>
    servers.endpoint('subscription', (req, res, server) => {
      const user = server.userOfSubscription(String(req.params['token']));
      // The same for one that was never good and for one that is no more.
      if (!user) throw new ApiError(404, 'Not Found');
      return answer(user, req, res, server);
    });
  router.get(
    '/:token',
    ofToken((user, req, res, server) => {
      user.sub_updated_at = isoNow();
      user.sub_last_user_agent = req.get('user-agent') ?? null;
      const { used_traffic: used, data_limit: limit, expire } = user;
      res
        .set({
          'subscription-userinfo': `upload=0; download=${used}; total=${limit ?? 0}; expire=${expire ?? 0}`,
          'profile-title': `base64:${Buffer.from('Subscription').toString('base64')}`,
          'profile-update-interval': '12',
          'support-url': 'https://t.me/',
          'content-disposition': `attachment; filename="${user.username}"`,
        })
        .type('text/plain')
        .send(Buffer.from(server.linksOf(user).join('\n')).toString('base64'));
    }),
  );
  router.get(
    '/:token/info',
    ofToken((user, _req, res, server) => {
      const { admin: _, note: __, inbounds: ___, excluded_inbounds: ____, ...others } = shown(user, server);
      res.json(others);
    }),
  );
  router.use((_req, _res, next) => next(new HttpError(404, 'no such address')));
  router.use(answerRefusals);
  return router;
}
