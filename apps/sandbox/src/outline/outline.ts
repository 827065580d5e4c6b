import { timingSafeEqual } from 'node:crypto';
import express, { type ErrorRequestHandler, type Request, type Response, Router } from 'express';
import type { FailureAnswers } from '../kit/faults';
import { answerProblem } from '../kit/http';
import { PANEL_FAULTS, type PanelOptions, PanelServers, type PanelTarget } from '../kit/panel-servers';
import { type Context, defineParty, type ThirdPartySandbox } from '../kit/third-party';
import { CIPHERS, type Key, Limit, type NewKey, OutlineServer, VERSION } from './outline.server';

const ADDRESS = '/outline';
const MOST_PORT = 65_535;
const LONGEST_NAME = 100;

/** A refusal in the form of restify. */
class RestError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}
const notFound = (id: string) => new RestError(404, 'NotFound', `Access key "${id}" not found`);
const invalid = (message: string) => new RestError(400, 'InvalidArgument', message);
const missing = (message: string) => new RestError(400, 'MissingParameter', message);
const conflict = (message: string) => new RestError(409, 'Conflict', message);

const FAILURES: FailureAnswers = {
  serverError: () => ({ body: { code: 'Internal', message: '' } }),
  tooManyRequests: () => ({ body: { code: 'TooManyRequests', message: 'Too many requests' } }),
};

/**
 * VPN servers with Outline 1.7.2. Each answers by HTTPS on a port of its own, with a certificate that it has signed itself and an
 * address that is its secret; below `/outline` are the pages of the sandbox alone.
 */
export const outline = defineParty({
  name: 'outline',
  create(context: Context, { servers: seeds = [{ name: 'helsinki' }] }: PanelOptions): ThirdPartySandbox {
    let host = '127.0.0.1';
    const servers = new PanelServers<OutlineServer>(
      {
        ...{ name: 'outline', title: 'Outline', failures: FAILURES },
        make: (seed) => {
          const app = express().disable('x-powered-by').disable('etag');
          app.use((req, _res, next) => {
            // The routes find their server as those of other panels do.
            req.url = `/${seed.name}${req.url}`;
            next();
          });
          app.use('/:server', api(servers));
          app.use(answerProblem);
          return new OutlineServer(seed, () => host, app);
        },
      },
      context,
      seeds,
    );
    return {
      address: ADDRESS,
      mount: (app) => servers.mountPages(app, ADDRESS),
      control: (router) => servers.control(router),
      calls: servers.calls,
      faults: PANEL_FAULTS,
      reset: () => servers.reset(),
      save: () => ({ servers: servers.save() }),
      restore: (saved) => servers.restore((saved as { servers: unknown } | undefined)?.servers),
      async listen(address) {
        host = address;
        await servers.listen();
      },
      close: () => servers.close(),
    };
  },
});

function api(servers: PanelServers<OutlineServer>): Router {
  const router = Router({ mergeParams: true });
  const endpoint = (target: PanelTarget, answer: (req: Request, res: Response, server: OutlineServer) => unknown) =>
    servers.endpoint(target, (req, res, server) => {
      if (!isSecret(String(req.params['secret']), server.secret)) throw noSuchPath(req);
      return answer(req, res, server);
    });
  const ofKey = (
    target: PanelTarget,
    answer: (key: Key, req: Request, res: Response, server: OutlineServer) => unknown,
  ) =>
    endpoint(target, (req, res, server) => {
      const id = String(req.params['id']);
      const key = server.find(id);
      if (!key) throw notFound(id);
      return answer(key, req, res, server);
    });
  const done = (res: Response) => res.status(204).end();
  const route = (path: string) => router.route(`/:secret${path}`);

  router.use(express.json());

  route('/server').get(
    endpoint('health', (_req, res, { state }) => {
      const { keys: _, traffic: __, lastSeen: ___, nextId: ____, ...shown } = state;
      res.json({ ...shown, version: VERSION });
    }),
  );
  route('/name').put(
    endpoint('change', (req, res, { state }) => {
      const name = bodyOf(req)['name'];
      if (!name) throw missing('Parameter `name` is missing');
      // Without a status of its own it is restify's for this code.
      if (typeof name !== 'string' || name.length > LONGEST_NAME)
        throw new RestError(
          409,
          'InvalidArgument',
          `Requested server name should be a string <= 100 characters long.  Got ${String(name)}`,
        );
      state.name = name;
      done(res);
    }),
  );
  route('/server/hostname-for-access-keys').put(
    endpoint('change', (req, res, { state }) => {
      const { hostname } = bodyOf(req);
      if (hostname === undefined) throw missing('hostname must be provided');
      if (typeof hostname !== 'string' || !/^[A-Za-z0-9.:-]+$/.test(hostname))
        throw invalid(`Hostname ${String(hostname)} isn't a valid hostname or IP address`);
      state.hostnameForAccessKeys = hostname;
      done(res);
    }),
  );
  route('/server/port-for-new-access-keys').put(
    endpoint('change', (req, res, { state }) => {
      const port = numberIn(req, 'port');
      if (port === undefined) throw missing('Parameter `port` is missing');
      state.portForNewAccessKeys = validPort(port);
      done(res);
    }),
  );
  route('/server/access-key-data-limit')
    .put(
      endpoint('change', (req, res, server) => {
        server.limitAll(limitIn(req));
        done(res);
      }),
    )
    .delete(
      endpoint('change', (_req, res, server) => {
        server.limitAll(undefined);
        done(res);
      }),
    );

  route('/access-keys')
    .get(
      endpoint('list', (_req, res, server) => {
        res.json({ accessKeys: server.state.keys.map((key) => shown(key, server)) });
      }),
    )
    .post(
      endpoint('create', (req, res, server) => {
        if (bodyOf(req)['id'] !== undefined) throw invalid('Parameter `id` is not allowed');
        res.status(201).json(shown(server.create(newKeyIn(req, server, '')), server));
      }),
    );
  route('/access-keys/:id')
    .get(ofKey('read', (key, _req, res, server) => res.json(shown(key, server))))
    .put(
      endpoint('create', (req, res, server) => {
        const id = String(req.params['id']);
        if (server.find(id)) throw conflict(`Access key "${id}" conflict`);
        res.status(201).json(shown(server.create(newKeyIn(req, server, id), id), server));
      }),
    )
    .delete(
      ofKey('remove', (key, _req, res, server) => {
        server.remove(key.id);
        done(res);
      }),
    );
  route('/access-keys/:id/name').put(
    ofKey('change', (key, req, res) => {
      const name = stringIn(req, 'name');
      if (!name) throw missing('Parameter `name` is missing');
      key.name = name;
      done(res);
    }),
  );
  route('/access-keys/:id/data-limit')
    .put(
      ofKey('change', (key, req, res, server) => {
        server.limit(key, limitIn(req));
        done(res);
      }),
    )
    .delete(
      ofKey('change', (key, _req, res, server) => {
        server.limit(key, undefined);
        done(res);
      }),
    );

  // Keys through which nothing went are left out.
  route('/metrics/transfer').get(
    endpoint('usage', (_req, res, server) => {
      const used = Object.keys(server.state.traffic).map((id) => [id, server.usedBy(id)] as const);
      res.json({ bytesTransferredByUserId: Object.fromEntries(used.filter(([, bytes]) => bytes > 0)) });
    }),
  );
  route('/metrics/enabled')
    .get(endpoint('health', (_req, res, { state }) => res.json({ metricsEnabled: state.metricsEnabled })))
    .put(
      endpoint('change', (req, res, { state }) => {
        const { metricsEnabled } = bodyOf(req);
        if (typeof metricsEnabled !== 'boolean') throw invalid('Parameter `metricsEnabled` must be a boolean');
        state.metricsEnabled = metricsEnabled;
        done(res);
      }),
    );
  route('/experimental/server/metrics').get(
    endpoint('usage', (req, res, server) => {
      if (!/^\d+[shdw]$/.test(String(req.query['since'])))
        throw invalid(`Invalid time range: ${String(req.query['since'])}`);
      res.json(metricsOf(server));
    }),
  );

  router.use((req, _res, next) => next(noSuchPath(req)));
  router.use(answerRefusals);
  return router;
}

/** It compares what both have, in constant time. */
function isSecret(told: string, secret: string): boolean {
  const [a, b] = [Buffer.from(told), Buffer.from(secret)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** The same for a wrong secret as for a path that there is not; it repeats the path. */
const noSuchPath = ({ path }: Request) => new RestError(404, 'ResourceNotFound', `${path} does not exist`);

const answerRefusals: ErrorRequestHandler = (error: unknown, _req, res, next) => {
  if (error instanceof RestError) res.status(error.status).json({ code: error.code, message: error.message });
  else if ((error as { type?: string }).type === 'entity.parse.failed')
    res.status(400).json({ code: 'InvalidContent', message: 'Invalid JSON' });
  else next(error);
};

const bodyOf = ({ body }: Request): Record<string, unknown> => (body ?? {}) as Record<string, unknown>;

function stringIn(req: Request, name: string): string | undefined {
  const value = bodyOf(req)[name];
  if (value === undefined || typeof value === 'string') return value;
  throw invalid(`Expected a string for ${name}, instead got ${String(value)} of type ${typeof value}`);
}

function numberIn(req: Request, name: string): number | undefined {
  const value = bodyOf(req)[name];
  if (value === undefined || typeof value === 'number') return value;
  throw invalid(`Expected a number for ${name}, instead got ${String(value)} of type ${typeof value}`);
}

function limitIn(req: Request): Key['dataLimit'] {
  const { limit } = bodyOf(req);
  if (limit === undefined) return undefined;
  const read = Limit.safeParse(limit);
  if (!read.success) throw invalid('`limit.bytes` must be an non-negative integer');
  return read.data;
}

function validPort(port: number): number {
  if (Number.isInteger(port) && port > 0 && port <= MOST_PORT) return port;
  throw invalid(`Port ${port} is invalid: must be an integer in range [0, 65353]`);
}

function newKeyIn(req: Request, { state }: OutlineServer, id: string): NewKey {
  const [method, name] = [stringIn(req, 'method') ?? '', stringIn(req, 'name') ?? ''];
  const [limit, password, port] = [limitIn(req), stringIn(req, 'password'), numberIn(req, 'port')];
  if (password !== undefined && state.keys.some((key) => key.password === password))
    throw conflict(`Access key ${id} has the same password. Please specify a unique password for each access key`);
  if (method !== '' && !CIPHERS.includes(method)) throw invalid(`cipher "${method}" is not valid`);
  return { method, name, limit, password, ...(port !== undefined && { port: validPort(port) }) };
}

function shown(key: Key, server: OutlineServer) {
  const { reachedDataLimit: _, ...others } = key;
  return { ...others, accessUrl: server.accessUrlOf(key) };
}

function metricsOf(server: OutlineServer) {
  const ids = Object.keys(server.state.traffic);
  const all = ids.reduce((sum, id) => sum + server.usedBy(id), 0);
  const none = { data: { bytes: 0 }, timestamp: null };
  return {
    server: {
      ...{ tunnelTime: { seconds: 0 }, dataTransferred: { bytes: all } },
      ...{ bandwidth: { current: none, peak: none }, locations: [] },
    },
    accessKeys: ids.map((id) => ({
      ...{ accessKeyId: id, tunnelTime: { seconds: 0 }, dataTransferred: { bytes: server.usedBy(id) } },
      connection: {
        lastTrafficSeen: server.state.lastSeen[id] === undefined ? null : server.state.lastSeen[id] / 1000,
        peakDeviceCount: { data: 1, timestamp: null },
      },
    })),
  };
}
