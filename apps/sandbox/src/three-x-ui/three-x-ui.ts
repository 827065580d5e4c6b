import type { RequestHandler } from 'express';
import { PANEL_FAULTS, type PanelOptions, PanelServers } from '../kit/panel-servers';
import { type Context, defineParty, type ThirdPartySandbox } from '../kit/third-party';
import { ADDRESS, XuiServer } from './xui.server';

const SEEDS = [{ name: 'amsterdam' }, { name: 'vienna', version: '2.9.4' }];

/** Servers whose panel is 3X-UI: of 2.x, where everything is in the inbounds, or of 3.x, where clients have a life of their own. */
export const threeXUi = defineParty({
  name: 'three-x-ui',
  create(context: Context, { servers: seeds = SEEDS }: PanelOptions): ThirdPartySandbox {
    const routers = new Map<string, RequestHandler>();
    const servers: PanelServers<XuiServer> = new PanelServers<XuiServer>(
      {
        name: 'three-x-ui',
        title: '3X-UI',
        failures: {
          serverError: () => ({ body: {} }),
          tooManyRequests: () => ({ body: {} }),
        },
        make(seed) {
          const server = new XuiServer(seed);
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
