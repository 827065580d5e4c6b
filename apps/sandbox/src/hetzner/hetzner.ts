import { json, type Request, type Response, Router } from 'express';
import { z, ZodError } from 'zod';
import { SandboxClient } from '../client';
import { CallLog } from '../kit/call-log';
import { applyFault, CALL_FAULTS, type FailureAnswers, type FaultKinds } from '../kit/faults';
import { escapeHtml, languageOf, page, type PageLanguage } from '../kit/html';
import { HttpError } from '../kit/http';
import { type Context, defineParty, type ThirdPartySandbox } from '../kit/third-party';
import { LOCATIONS, pricing, serverTypes } from './hetzner.catalogue';

const ADDRESS = '/hetzner';
/** The token of whoever was told of no other one. */
const TOKEN = 'sandbox-hetzner-token';

export interface HetznerOptions {
  token?: string;
}

const Labels = z.record(z.string().max(63), z.string().regex(/^([A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?)?$/));
const Server = z.object({
  id: z.int(),
  name: z.string(),
  type: z.string(),
  location: z.string(),
  labels: Labels,
  userData: z.string(),
  created: z.iso.datetime(),
  /** Milliseconds since the epoch; it is being made until then. */
  readyAt: z.number(),
  /** The sandbox, as whoever asked for the server reached it; undefined of one that somebody else has made. */
  base: z.string().optional(),
});
type Server = z.output<typeof Server>;

const State = z.object({
  servers: z.array(Server),
  lastId: z.int(),
  /** `<type> <location>` */
  soldOut: z.array(z.string()),
  limit: z.int(),
});

const NewServer = z.object({
  name: z.string().regex(/^[a-z0-9]([a-z0-9-.]{0,61}[a-z0-9])?$/i, 'must be a valid hostname'),
  server_type: z.union([z.string(), z.int()]),
  image: z.union([z.string(), z.int()]),
  location: z.string().optional(),
  user_data: z.string().max(32_768).default(''),
  labels: Labels.default({}),
  ssh_keys: z.array(z.union([z.string(), z.int()])).default([]),
});
const ListQuery = z.looseObject({
  name: z.string().optional(),
  label_selector: z.string().optional(),
  page: z.coerce.number().int().min(1).default(1),
  per_page: z.coerce.number().int().min(1).max(50).default(25),
});

class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly details: object | null = null,
  ) {
    super(message);
  }
}

const FAILURES: FailureAnswers = {
  serverError: () => ({ body: { error: { code: 'server_error', message: 'Error within the API backend' } } }),
  tooManyRequests: () => ({
    headers: { 'ratelimit-remaining': '0' },
    body: { error: { code: 'rate_limit_exceeded', message: 'limit of 3600 requests per hour reached' } },
  }),
};
/** `catalogue` is of locations, types and prices. */
const FAULTS = {
  catalogue: CALL_FAULTS,
  list: CALL_FAULTS,
  read: CALL_FAULTS,
  create: CALL_FAULTS,
  delete: CALL_FAULTS,
} satisfies Record<string, FaultKinds>;
type Target = keyof typeof FAULTS;

const REQUESTS_PER_HOUR = 3600;
const MAKING_MS = 4000;
/** Which panel comes up on a new server: `panel: <kind>` in what it is told at its first start. */
const PANEL = /^\W*panel:\s*([a-z-]+)/m;
const USUAL_PANEL = 'marzban';

/** Hetzner Cloud, API v1: servers by the month. A new one comes up with a panel of the sandbox that has its name. Source: hetznercloud/hcloud-go, 2026-08. */
export const hetzner = defineParty({
  name: 'hetzner',
  create({ faults, pace, touch }: Context, { token = TOKEN }: HetznerOptions): ThirdPartySandbox {
    const calls = new CallLog<{ target: Target; method: string; path: string }>(2000);
    let state: z.output<typeof State> = { servers: [], lastId: 4_700_000, soldOut: [], limit: 100 };
    const timers = new Set<NodeJS.Timeout>();
    let hour = { begun: Date.now(), asked: 0 };

    const isSoldOut = (type: string, location: string) => state.soldOut.includes(`${type} ${location}`);
    const isReady = ({ readyAt }: Server) => readyAt <= Date.now();

    /** When it is made it has a panel, which goes with it. */
    function makePanel(server: Server): void {
      const { base, name, userData, readyAt } = server;
      if (base === undefined) return;
      const [, kind = USUAL_PANEL] = PANEL.exec(userData) ?? [];
      const timer = setTimeout(() => {
        timers.delete(timer);
        touch();
        if (!state.servers.includes(server)) return;
        // There already after a restart of the sandbox.
        void new SandboxClient(base)
          .panels(kind)
          .addServer({ name })
          .catch(() => undefined);
      }, readyAt - Date.now());
      timers.add(timer.unref());
    }

    function forget(server: Server): void {
      state.servers = state.servers.filter((other) => other !== server);
      const [, kind = USUAL_PANEL] = PANEL.exec(server.userData) ?? [];
      if (server.base !== undefined && isReady(server))
        void new SandboxClient(server.base)
          .panels(kind)
          .removeServer(server.name)
          .catch(() => undefined);
    }

    function create(asked: z.output<typeof NewServer>, base: string | undefined): Server {
      const { name, server_type, location = 'fsn1', user_data: userData, labels } = asked;
      if (state.servers.some((other) => other.name === name))
        throw new ApiError(409, 'uniqueness_error', 'server name is already used', { fields: [{ name: 'name' }] });
      const type = serverTypes(isSoldOut).find((one) => one.name === server_type || one.id === server_type);
      const isPlace = LOCATIONS.some((one) => one.name === location);
      if (!type || !isPlace) {
        const field = type ? 'location' : 'server_type';
        throw new ApiError(422, 'invalid_input', `${field} not found`, {
          fields: [{ name: field, messages: ['not found'] }],
        });
      }
      const there = type.locations.find((one) => one.name === location);
      if (!there) throw new ApiError(422, 'invalid_input', 'unsupported location for server type');
      if (!there.available) throw new ApiError(412, 'resource_unavailable', 'error during placement');
      if (state.servers.length >= state.limit)
        throw new ApiError(403, 'resource_limit_exceeded', 'server limit exceeded', { limits: [{ name: 'servers' }] });
      const server: Server = {
        ...{ id: ++state.lastId, name, type: type.name, location, labels, userData },
        ...{ created: new Date().toISOString(), readyAt: Date.now() + MAKING_MS * pace },
        ...(base !== undefined && { base }),
      };
      state.servers.push(server);
      makePanel(server);
      return server;
    }

    function viewOf(server: Server) {
      const { id, name, type, location, labels, created } = server;
      const none = { backup_window: null, iso: null, volumes: [], load_balancers: [], placement_group: null };
      return {
        ...{ id, name, status: isReady(server) ? 'running' : 'initializing', created, labels, locked: false, ...none },
        public_net: {
          ipv4: { id: id + 1, ip: `203.0.113.${(id % 250) + 1}`, blocked: false, dns_ptr: `static.${name}.example` },
          ipv6: { id: id + 2, ip: `2001:db8:${(id % 65_536).toString(16)}::/64`, blocked: false, dns_ptr: [] },
          ...{ floating_ips: [], firewalls: [] },
        },
        ...{ private_net: [], included_traffic: 0, outgoing_traffic: 0, ingoing_traffic: 0, rescue_enabled: false },
        server_type: serverTypes(isSoldOut).find((one) => one.name === type)!,
        location: LOCATIONS.find((one) => one.name === location)!,
        ...{ image: null, protection: { delete: false, rebuild: false }, primary_disk_size: 40 },
      };
    }
    const actionOf = (server: Server, command: string, isDone: boolean) => ({
      ...{
        id: server.id * 10,
        status: isDone ? 'success' : 'running',
        command,
        progress: isDone ? 100 : 0,
        error: null,
      },
      ...{ started: server.created, finished: isDone ? new Date().toISOString() : null },
      resources: [{ id: server.id, type: 'server' }],
    });

    const api = Router();
    api.use(json());
    const call = (
      method: 'get' | 'post' | 'delete',
      path: string,
      target: Target,
      work: (req: Request, res: Response) => unknown,
    ) =>
      api[method](path, async (req, res) => {
        calls.begin({ target, method: req.method, path: req.path }, res);
        if (Date.now() - hour.begun > 3_600_000) hour = { begun: Date.now(), asked: 0 };
        hour.asked += 1;
        res.set({
          'ratelimit-limit': String(REQUESTS_PER_HOUR),
          'ratelimit-remaining': String(Math.max(0, REQUESTS_PER_HOUR - hour.asked)),
          'ratelimit-reset': String(Math.ceil(hour.begun / 1000) + 3600),
        });
        if (!(await applyFault(faults.next(`hetzner.${target}`), res, FAILURES))) return;
        try {
          if (req.get('authorization') !== `Bearer ${token}`)
            throw new ApiError(401, 'unauthorized', 'unable to authenticate');
          if (hour.asked > REQUESTS_PER_HOUR)
            throw new ApiError(429, 'rate_limit_exceeded', `limit of ${REQUESTS_PER_HOUR} requests per hour reached`);
          await work(req, res);
        } catch (error) {
          refuse(res, error);
        }
      });
    const byId = (req: Request): Server => {
      const found = state.servers.find(({ id }) => String(id) === req.params['id']);
      if (!found) throw new ApiError(404, 'not_found', `server with ID '${req.params['id']}' not found`);
      return found;
    };

    call('get', '/locations', 'catalogue', (req, res) => sendPage(req, res, 'locations', LOCATIONS));
    call('get', '/server_types', 'catalogue', (req, res) => sendPage(req, res, 'server_types', serverTypes(isSoldOut)));
    call('get', '/pricing', 'catalogue', (_req, res) => res.json({ pricing: pricing(isSoldOut) }));
    call('get', '/servers', 'list', (req, res) => {
      const { name, label_selector: selector } = ListQuery.parse(req.query);
      const wanted = (selector ?? '')
        .split(',')
        .filter(Boolean)
        .map((one) => one.split(/==?/) as [string, string?]);
      const found = state.servers.filter(
        (server) =>
          (name === undefined || server.name === name) &&
          wanted.every(([key, value]) => (value === undefined ? key in server.labels : server.labels[key] === value)),
      );
      sendPage(req, res, 'servers', found.map(viewOf));
    });
    call('post', '/servers', 'create', (req, res) => {
      const asked = NewServer.parse(req.body);
      const server = create(asked, `${req.protocol}://${req.get('host')}`);
      res.status(201).json({
        ...{ server: viewOf(server), action: actionOf(server, 'create_server', false), next_actions: [] },
        root_password: asked.ssh_keys.length > 0 ? null : 'sandbox-root-password',
      });
    });
    call('get', '/servers/:id', 'read', (req, res) => res.json({ server: viewOf(byId(req)) }));
    call('delete', '/servers/:id', 'delete', (req, res) => {
      const server = byId(req);
      if (!isReady(server)) throw new ApiError(423, 'locked', 'server is locked');
      forget(server);
      res.json({ action: actionOf(server, 'delete_server', true) });
    });
    api.use((_req, res) => void res.status(404).json({ error: { code: 'not_found', message: 'page not found' } }));

    return {
      address: ADDRESS,
      mount(app) {
        app.get(ADDRESS, (req, res) => {
          res.send(serversPage(languageOf(req), state.servers.map(viewOf)));
        });
        app.use(`${ADDRESS}/v1`, api);
      },
      control(router) {
        router
          .route('/servers')
          .get(
            (_req, res) => void res.json(state.servers.map((server) => ({ ...server, status: viewOf(server).status }))),
          )
          // Somebody else's, and ready at once.
          .post((req, res) => {
            const asked = z.object({ names: z.array(z.string()), labels: Labels.default({}) }).parse(req.body);
            for (const name of asked.names) {
              const server = create(
                NewServer.parse({ name, server_type: 'cx23', image: 'debian-13', labels: asked.labels }),
                undefined,
              );
              server.readyAt = 0;
            }
            res.status(201).json({});
          });
        router.delete('/servers/:name', (req, res) => {
          const found = state.servers.find(({ name }) => name === req.params.name);
          if (!found) throw new HttpError(404, `there is no server "${req.params.name}"`);
          forget(found);
          res.sendStatus(204);
        });
        router.put('/stock', (req, res) => {
          const asked = z.object({ type: z.string(), location: z.string(), available: z.boolean() }).parse(req.body);
          const key = `${asked.type} ${asked.location}`;
          state.soldOut = [...state.soldOut.filter((other) => other !== key), ...(asked.available ? [] : [key])];
          res.json({});
        });
        router.put('/limit', (req, res) => {
          state.limit = z.object({ servers: z.int().nonnegative() }).parse(req.body).servers;
          res.json({});
        });
      },
      calls,
      faults: FAULTS,
      reset() {
        state = { ...state, servers: [], soldOut: [], limit: 100 };
      },
      save: () => state,
      restore(saved) {
        if (!saved) return;
        state = State.parse(saved);
        state.servers.forEach(makePanel);
      },
      close: () => timers.forEach(clearTimeout),
    };
  },
});

function sendPage(req: Request, res: Response, field: string, all: readonly object[]): void {
  const { page: number, per_page } = ListQuery.parse(req.query);
  const last_page = Math.max(1, Math.ceil(all.length / per_page));
  const pagination = {
    ...{ page: number, per_page, previous_page: number > 1 ? number - 1 : null },
    ...{ next_page: number < last_page ? number + 1 : null, last_page, total_entries: all.length },
  };
  res.json({ [field]: all.slice((number - 1) * per_page, number * per_page), meta: { pagination } });
}

function refuse(res: Response, error: unknown): void {
  if (error instanceof ApiError) {
    const { status, code, message, details } = error;
    res.status(status).json({ error: { code, message, details } });
  } else if (error instanceof ZodError) {
    const fields = error.issues.map(({ path, message }) => ({ name: path.join('.'), messages: [message] }));
    const message = `invalid input in field${fields.length > 1 ? 's' : ''} '${fields.map(({ name }) => name).join("', '")}'`;
    res.status(422).json({ error: { code: 'invalid_input', message, details: { fields } } });
  } else throw error;
}

interface ServerView {
  name: string;
  status: string;
  location: { name: string; city: string };
  public_net: { ipv4: { ip: string } };
  server_type: { description: string; prices: { location: string; price_monthly: { net: string } }[] };
}

const TEXTS = {
  en: {
    title: 'Servers',
    none: 'No servers yet.',
    running: 'running',
    initializing: 'being made',
    a: '/ month',
    delete: 'Delete',
  },
  ru: {
    title: 'Серверы',
    none: 'Серверов пока нет.',
    running: 'работает',
    initializing: 'создаётся',
    a: 'в месяц',
    delete: 'Удалить',
  },
} satisfies Record<PageLanguage, object>;

function serversPage(language: PageLanguage, servers: readonly ServerView[]): string {
  const t = TEXTS[language];
  const price = new Intl.NumberFormat(language, { style: 'currency', currency: 'EUR' });
  const articles = servers.map(({ name, status, location, public_net, server_type }) => {
    const { description, prices } = server_type;
    const state = status === 'running' ? t.running : t.initializing;
    return `<article>
      <p class="mark">${escapeHtml(location.city)} · ${public_net.ipv4.ip} · ${description} · ${price.format(Number(prices.find((one) => one.location === location.name)!.price_monthly.net))} ${t.a}</p>
      <h1>${escapeHtml(name)}</h1>
      <div class="row"><span>${state}</span><button data-name="${escapeHtml(name)}">${t.delete}</button></div>
    </article>`;
  });
  return page(
    'Sandbox: Hetzner Cloud',
    `<p class="mark">Sandbox · Hetzner Cloud</p><h1>${t.title}</h1>${articles.join('') || `<article><p>${t.none}</p></article>`}
     <script>
       document.addEventListener('click', async ({ target }) => {
         if (!target.dataset.name) return;
         await fetch('/control/hetzner/servers/' + target.dataset.name, { method: 'DELETE' });
         location.reload();
       });
       setInterval(() => document.hidden || getSelection()?.toString() || location.reload(), 3000);
     </script>`,
    language,
  );
}
