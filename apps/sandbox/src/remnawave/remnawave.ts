import type { RequestHandler } from 'express';
import { PANEL_FAULTS, type PanelOptions, PanelServers } from '../kit/panel-servers';
import { type Context, defineParty, type ThirdPartySandbox } from '../kit/third-party';
import { ADDRESS, RemnawaveServer } from './remnawave.server';

const SEEDS = [{ name: 'warsaw' }, { name: 'stockholm', version: '2.8.1' }];

/** Servers whose panel is Remnawave: of 2.x, where users have UUIDs, or of 3.x, where they have numbers. */
export const remnawave = defineParty({
  name: 'remnawave',
  create(context: Context, { servers: seeds = SEEDS }: PanelOptions): ThirdPartySandbox {
    const failure = { timestamp: new Date().toISOString(), path: '/api', message: 'Server error', errorCode: 'A001' };
    const routers = new Map<string, RequestHandler>();
    const servers: PanelServers<RemnawaveServer> = new PanelServers<RemnawaveServer>(
      {
        name: 'remnawave',
        title: 'Remnawave',
        failures: {
          serverError: () => ({ body: failure }),
          tooManyRequests: () => ({ body: { ...failure, message: 'Too Many Requests', errorCode: 'E429' } }),
        },
        make(seed) {
          const server = new RemnawaveServer(seed);
          routers.set(
            seed.name,
            server.router((target, answer) => servers.endpoint(target, answer)),
          );
          return server;
        },
      },
      context,
      seeds,
    );
    return {
      address: ADDRESS,
      mount(app) {
        servers.mountPages(app, ADDRESS);
        app.use(`${ADDRESS}/:server`, (req, res, next) => {
          const router = routers.get(req.params['server']!);
          if (router) void router(req, res, next);
          else next();
        });
      },
      control: (router) => servers.control(router),
      calls: servers.calls,
      faults: PANEL_FAULTS,
      reset: () => servers.reset(),
      save: () => ({ servers: servers.save() }),
      restore: (saved) => servers.restore((saved as { servers: unknown } | undefined)?.servers),
      close: () => servers.close(),
    };
  },
});
