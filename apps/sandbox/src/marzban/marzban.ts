import type { FailureAnswers } from '../kit/faults';
import { PANEL_FAULTS, type PanelOptions, PanelServers } from '../kit/panel-servers';
import { type Context, defineParty, type ThirdPartySandbox } from '../kit/third-party';
import { api, subscriptions } from './marzban.api';
import { Core, MarzbanServer } from './marzban.server';

const ADDRESS = '/marzban';

const FAILURES: FailureAnswers = {
  // Starlette's own, when something was not caught.
  serverError: () => ({ body: { detail: 'Internal Server Error' } }),
  tooManyRequests: () => ({ body: { detail: 'Too Many Requests' } }),
};

/** VPN servers, each with the panel Marzban 0.8.4: `/marzban/<server>/api/…`, and its subscriptions below `/marzban/<server>/sub/`. */
export const marzban = defineParty({
  name: 'marzban',
  create(context: Context, { servers: seeds = [{ name: 'frankfurt' }] }: PanelOptions): ThirdPartySandbox {
    const servers = new PanelServers(
      {
        ...{ name: 'marzban', title: 'Marzban', failures: FAILURES },
        make: (seed) => new MarzbanServer(seed, ADDRESS),
      },
      context,
      seeds,
    );
    return {
      address: ADDRESS,
      mount(app) {
        app.use(`${ADDRESS}/:server/api`, api(servers));
        app.use(`${ADDRESS}/:server/sub`, subscriptions(servers));
        servers.mountPages(app, ADDRESS);
      },
      control(router) {
        servers.control(router);
        router.put('/servers/:server/core', (req, res) => {
          servers.server(req.params.server).setCore(Core.parse(req.body));
          res.json({});
        });
      },
      calls: servers.calls,
      faults: PANEL_FAULTS,
      reset: () => servers.reset(),
      save: () => ({ servers: servers.save() }),
      restore: (saved) => servers.restore((saved as { servers: unknown } | undefined)?.servers),
      listen: () => servers.listen(),
      close: () => servers.close(),
    };
  },
});
