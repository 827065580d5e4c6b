import type { Request, RequestHandler, Response, Router } from 'express';
import { z } from 'zod';
import { CallLog } from './call-log';
import { applyFault, CALL_FAULTS, type FailureAnswers, type Fault, type FaultKinds } from './faults';
import { breakOff, HttpError, pause } from './http';
import { panelListPage, panelPage } from './panel-page';
import type { Context } from './third-party';

/** What the panels of VPN servers share: servers side by side, each of which can die, count traffic, lie and lose its memory. */

/** A user in the words that all panels have in common. Times are milliseconds since the epoch. */
export interface PanelUserView {
  name: string;
  enabled: boolean;
  /** Let in just now: enabled, not over, not used up. */
  served: boolean;
  /** Null: without end. */
  expiresAt: number | null;
  /** Null: without limit. */
  limitBytes: number | null;
  usedBytes: number;
  /** Null: any number. */
  devices: number | null;
  onlineAt: number | null;
  uuid?: string;
  password?: string;
  links: string[];
}

/** What somebody changes by hand, in the panel's own pages. */
export const PanelUserEdit = z
  .strictObject({
    enabled: z.boolean(),
    expiresAt: z.int().nullable(),
    limitBytes: z.int().positive().nullable(),
    devices: z.int().positive().nullable(),
    uuid: z.uuid(),
    password: z.string().min(1),
  })
  .partial();
export type PanelUserEdit = z.infer<typeof PanelUserEdit>;

/** Up; refusing every connection; or taking them and never answering. */
export const Power = z.enum(['up', 'refusing', 'silent']);
export type Power = z.infer<typeof Power>;

/** One server with its panel. */
export interface PanelServer {
  /** How it is reached and who may: what staff write down when they set it up. `base` is the sandbox as it was asked. */
  account(base: string): Readonly<Record<string, string>>;
  users(): PanelUserView[];
  /** By hand, or one that is no business of ours. */
  add(name: string, user: PanelUserEdit): void;
  edit(name: string, user: PanelUserEdit): void;
  remove(name: string): void;
  /** Somebody who is served has let so much through. */
  use(name: string, bytes: number): void;
  save(): object;
  restore(saved: unknown): void;
  /** Ends every session: tokens and cookies given out are good no more. */
  signOut?(): void;
  renewCertificate?(): void | Promise<void>;
  /** For a server with a port of its own. */
  setPower?(power: Power): void | Promise<void>;
  close?(): void | Promise<void>;
}

/** `unkept`: answered as if it had been done. `altered`: done, and then the named field is another one. */
const WRITE_FAULTS = {
  ...CALL_FAULTS,
  unkept: null,
  altered: /^(enabled|expiresAt|limitBytes|devices|credentials)$/,
} satisfies FaultKinds;

/** What a panel is asked for, by the same words at all of them. */
export const PANEL_FAULTS = {
  login: CALL_FAULTS,
  read: CALL_FAULTS,
  list: CALL_FAULTS,
  usage: CALL_FAULTS,
  health: CALL_FAULTS,
  subscription: CALL_FAULTS,
  create: WRITE_FAULTS,
  change: WRITE_FAULTS,
  remove: WRITE_FAULTS,
  reset: WRITE_FAULTS,
} satisfies Record<string, FaultKinds>;
export type PanelTarget = keyof typeof PANEL_FAULTS;

export interface PanelCall {
  server: string;
  target: PanelTarget;
  method: string;
  path: string;
}

export const PanelSeed = z.strictObject({
  name: z.string().regex(/^[a-z0-9-]{1,40}$/),
  /** Of the panel's software; the newest that is played when absent. */
  version: z.string().optional(),
  /** Where it listens, if it has a port of its own; a free one when absent. */
  port: z.int().optional(),
});
export type PanelSeed = z.infer<typeof PanelSeed>;

export interface PanelOptions {
  /** Those that are there from the start. */
  servers?: readonly PanelSeed[];
}

export interface SeenPanelServer extends PanelSeed {
  power: Power;
  bytesPerSecond: number;
  users: number;
  account: Readonly<Record<string, string>>;
}

interface Kept<Server> {
  seed: PanelSeed;
  server: Server;
  power: Power;
  /** Of each user that is served, on average. */
  bytesPerSecond: number;
  backup?: object;
}

const Saved = z.array(
  z.object({
    seed: PanelSeed,
    power: Power,
    bytesPerSecond: z.number(),
    backup: z.looseObject({}).optional(),
    state: z.unknown(),
  }),
);

const TICK_MS = 1000;
const KEPT_CALLS = 5000;
const DAY_MS = 86_400_000;

export class PanelServers<Server extends PanelServer> {
  readonly calls = new CallLog<PanelCall>(KEPT_CALLS);
  private kept = new Map<string, Kept<Server>>();
  private readonly ticking: NodeJS.Timeout;

  constructor(
    private readonly party: {
      readonly name: string;
      /** As people call it. */
      readonly title: string;
      readonly failures: FailureAnswers;
      make(seed: PanelSeed): Server;
    },
    private readonly context: Context,
    private readonly seeds: readonly PanelSeed[],
  ) {
    this.ticking = setInterval(() => this.tick(), TICK_MS * context.pace).unref();
  }

  /** One request to the panel of the server that `req.params.server` names: noted, and met by what ails the server and by faults. */
  endpoint(target: PanelTarget, answer: (req: Request, res: Response, server: Server) => unknown): RequestHandler {
    return async (req, res) => {
      const name = String(req.params['server']);
      const kept = this.get(name);
      const { server } = kept;
      if (!(await withPower(kept.power, res))) return;
      this.calls.begin({ server: name, target, method: req.method, path: req.path }, res);
      const fault = this.context.faults.next(`${this.party.name}.${target}`, { server: name });
      if (!(await applyFault(fault, res, this.party.failures))) return;
      const lie = fault?.kind === 'unkept' || fault?.kind === 'altered' ? fault : undefined;
      const before = lie && { state: structuredClone(server.save()), users: viewsByName(server) };
      await answer(req, res, server);
      if (lie && before) act(lie, server, before);
    };
  }

  /** @throws HttpError 404 */
  server(name: string): Server {
    return this.get(name).server;
  }

  /** Where its own pages are: the list of servers, and one of each. */
  mountPages(app: Router, address: string): void {
    const { title } = this.party;
    const shown = (req: Request, kept: Kept<Server>) => this.shown(kept, baseOf(req));
    app.get(address, (req, res) => {
      res.send(panelListPage(req, { title, address, servers: this.all().map((kept) => shown(req, kept)) }));
    });
    app.get(`${address}/:server`, (req, res) => {
      const kept = this.get(req.params.server);
      const control = `/control/${this.party.name}/servers/${kept.seed.name}`;
      const users = kept.server.users();
      res.send(panelPage(req, { title, address, control, server: shown(req, kept), users }));
    });
  }

  /** `/servers/…`; `PanelControl` of `client.ts` speaks it. */
  control(router: Router): void {
    const one = (req: Request) => this.get(String(req.params['server']));
    const user = (req: Request) => String(req.params['user']);
    const done = (res: Response) => void res.json({});
    router
      .route('/servers')
      .get((req, res) => void res.json(this.all().map((kept) => this.shown(kept, baseOf(req)))))
      .post(async (req, res) => {
        const seed = PanelSeed.parse(req.body);
        if (this.kept.has(seed.name)) throw new HttpError(400, `there is a server "${seed.name}" already`);
        const kept = this.keep(seed);
        await kept.server.setPower?.('up');
        res.status(201).json(this.shown(kept, baseOf(req)));
      });
    router.delete('/servers/:server', async (req, res) => {
      const { seed, server } = one(req);
      this.kept.delete(seed.name);
      await server.close?.();
      res.sendStatus(204);
    });
    router.put('/servers/:server/power', async (req, res) => {
      const { power } = z.strictObject({ power: Power }).parse(req.body);
      const kept = one(req);
      kept.power = power;
      await kept.server.setPower?.(power);
      done(res);
    });
    router.put('/servers/:server/pace', (req, res) => {
      const { bytesPerSecond } = z.strictObject({ bytesPerSecond: z.number().nonnegative() }).parse(req.body);
      one(req).bytesPerSecond = bytesPerSecond;
      done(res);
    });
    router.post('/servers/:server/backup', (req, res) => {
      const kept = one(req);
      kept.backup = structuredClone(kept.server.save());
      done(res);
    });
    router.post('/servers/:server/restore', (req, res) => {
      const { backup, server } = one(req);
      if (!backup) throw new HttpError(400, 'there is no backup of it');
      server.restore(structuredClone(backup));
      done(res);
    });
    router.post('/servers/:server/sign-out', (req, res) => {
      const { server } = one(req);
      if (!server.signOut) throw new HttpError(400, 'nobody signs in there');
      server.signOut();
      done(res);
    });
    router.post('/servers/:server/certificate', async (req, res) => {
      const kept = one(req);
      if (!kept.server.renewCertificate) throw new HttpError(400, 'it has no certificate of its own');
      await kept.server.renewCertificate();
      res.json(this.shown(kept, baseOf(req)));
    });
    router
      .route('/servers/:server/users')
      .get((req, res) => void res.json(one(req).server.users()))
      .post((req, res) => {
        const { server } = one(req);
        const { names, ...user } = PanelUserEdit.extend({ names: z.array(z.string().min(1)) }).parse(req.body);
        for (const name of names) server.add(name, user);
        done(res);
      });
    router
      .route('/servers/:server/users/:user')
      .patch((req, res) => {
        one(req).server.edit(user(req), PanelUserEdit.parse(req.body));
        done(res);
      })
      .delete((req, res) => {
        one(req).server.remove(user(req));
        done(res);
      });
    router.post('/servers/:server/users/:user/traffic', (req, res) => {
      const { bytes } = z.strictObject({ bytes: z.int().nonnegative() }).parse(req.body);
      const { server, power } = one(req);
      const found = server.users().find(({ name }) => name === user(req));
      if (!found) throw new HttpError(404, `there is no user "${user(req)}"`);
      const served = found.served && power === 'up';
      if (served) server.use(found.name, bytes);
      res.json({ served });
    });
  }

  /** Users are forgotten, servers stay and are up. */
  async reset(): Promise<void> {
    for (const kept of this.kept.values()) {
      for (const { name } of kept.server.users()) kept.server.remove(name);
      delete kept.backup;
      kept.power = 'up';
      await kept.server.setPower?.('up');
    }
  }

  save(): object[] {
    return this.all().map(({ server, ...kept }) => ({ ...kept, state: server.save() }));
  }

  restore(saved: unknown): void {
    if (saved === undefined) return this.seeds.forEach((seed) => void this.keep(seed));
    for (const { state, ...kept } of Saved.parse(saved)) {
      const server = this.party.make(kept.seed);
      server.restore(state);
      const { backup, ...others } = kept;
      this.kept.set(kept.seed.name, { ...others, server, ...(backup && { backup }) });
    }
  }

  /** Opens the ports of those that have their own. */
  async listen(): Promise<void> {
    for (const { server, power } of this.kept.values()) await server.setPower?.(power);
  }

  async close(): Promise<void> {
    clearInterval(this.ticking);
    await Promise.all(this.all().map(({ server }) => server.close?.()));
  }

  private all(): Kept<Server>[] {
    return [...this.kept.values()];
  }

  private get(name: string): Kept<Server> {
    const found = this.kept.get(name);
    if (!found) throw new HttpError(404, `there is no server "${name}"`);
    return found;
  }

  private keep(seed: PanelSeed): Kept<Server> {
    const kept: Kept<Server> = { seed, server: this.party.make(seed), power: 'up', bytesPerSecond: 0 };
    this.kept.set(seed.name, kept);
    return kept;
  }

  private shown({ seed, server, power, bytesPerSecond }: Kept<Server>, base: string): SeenPanelServer {
    return { ...seed, power, bytesPerSecond, users: server.users().length, account: server.account(base) };
  }

  private tick(): void {
    for (const { server, power, bytesPerSecond } of this.kept.values()) {
      if (power !== 'up' || bytesPerSecond === 0) continue;
      for (const { name, served } of server.users()) {
        if (served) server.use(name, Math.round(2 * Math.random() * bytesPerSecond * (TICK_MS / 1000)));
      }
      this.context.touch();
    }
  }
}

const baseOf = (req: Request): string => `${req.protocol}://${req.get('host')}`;

/** Whether there is anybody to answer. */
async function withPower(power: Power, res: Response): Promise<boolean> {
  if (power === 'up') return true;
  if (power === 'silent') await pause(res, Infinity);
  breakOff(res);
  return false;
}

const viewsByName = (server: PanelServer) => new Map(server.users().map((user) => [user.name, user]));

/** What was answered is not what is kept. */
function act(
  { kind, argument }: Fault,
  server: PanelServer,
  before: { state: object; users: Map<string, PanelUserView> },
): void {
  if (kind === 'unkept') return server.restore(before.state);
  for (const user of server.users()) {
    if (JSON.stringify(user) !== JSON.stringify(before.users.get(user.name)))
      server.edit(user.name, altered(user, argument));
  }
}

function altered({ enabled, expiresAt, limitBytes, devices }: PanelUserView, field: string): PanelUserEdit {
  switch (field) {
    case 'enabled':
      return { enabled: !enabled };
    case 'expiresAt':
      return { expiresAt: (expiresAt ?? Date.now()) + DAY_MS };
    case 'devices':
      return { devices: (devices ?? 0) + 1 };
    case 'credentials':
      return { uuid: crypto.randomUUID(), password: crypto.randomUUID() };
    default:
      return { limitBytes: (limitBytes ?? 0) + 1_000_000 };
  }
}
