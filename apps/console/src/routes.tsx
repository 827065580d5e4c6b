import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router';
import { parseSearch, searchOf, stringifySearch } from './search';
import { NotFound } from './shell/not-found';
import { PageFailed } from './shell/page-failed';
import { Root } from './shell/root';
import { StaffArea } from './shell/staff-area';

const root = createRootRoute({ component: Root, notFoundComponent: NotFound });

const staff = createRoute({ getParentRoute: () => root, path: '/console', component: StaffArea });

const overview = createRoute({
  getParentRoute: () => staff,
  path: '/',
  component: lazyRouteComponent(() => import('./overview/overview.page'), 'OverviewPage'),
});

const bots = createRoute({
  getParentRoute: () => staff,
  path: 'bots',
  staticData: { permission: 'bots:read' },
  validateSearch: searchOf('q', 'archived'),
  component: lazyRouteComponent(() => import('./bots/bots.page'), 'BotsPage'),
});
const newBot = createRoute({
  getParentRoute: () => staff,
  path: 'bots/new',
  staticData: { permission: 'bots:write' },
  component: lazyRouteComponent(() => import('./bots/new-bot.page'), 'NewBotPage'),
});
const bot = createRoute({
  getParentRoute: () => staff,
  path: 'bots/$botId',
  staticData: { permission: 'bots:read' },
  validateSearch: searchOf('tab'),
  component: lazyRouteComponent(() => import('./bots/bot.page'), 'BotPage'),
});

const staffSignIn = createRoute({
  getParentRoute: () => root,
  path: '/console/sign-in',
  validateSearch: searchOf('to'),
  component: lazyRouteComponent(() => import('./sign-in/staff-sign-in.page'), 'StaffSignInPage'),
});
const invitation = createRoute({
  getParentRoute: () => root,
  path: '/console/invitation',
  component: lazyRouteComponent(() => import('./sign-in/invitation.page'), 'InvitationPage'),
});

const routeTree = root.addChildren([staffSignIn, invitation, staff.addChildren([overview, bots, newBot, bot])]);

export const router = createRouter({
  routeTree,
  parseSearch,
  stringifySearch,
  scrollRestoration: true,
  defaultErrorComponent: PageFailed,
  defaultPendingMs: 300,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
  interface StaticDataRouteOption {
    /** Without it a page is shown to nobody. */
    permission?: string;
  }
}
