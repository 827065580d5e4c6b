import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router';
import { parseSearch, searchOf, stringifySearch } from './search';
import { NotFound, NotFoundHere } from './shell/not-found';
import { PageFailed } from './page-failed';
import { Root } from './shell/root';
import { StaffArea } from './shell/staff-area';

const root = createRootRoute({ component: Root, notFoundComponent: NotFound });

// Staff: everything below /console, each page with the right that it needs.
const staff = createRoute({
  getParentRoute: () => root,
  path: '/console',
  component: StaffArea,
  notFoundComponent: NotFoundHere,
});

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
  staticData: { permission: 'bots:write', withAllBots: true },
  component: lazyRouteComponent(() => import('./bots/new-bot.page'), 'NewBotPage'),
});
const bot = createRoute({
  getParentRoute: () => staff,
  path: 'bots/$botId',
  staticData: { permission: 'bots:read' },
  validateSearch: searchOf('tab'),
  component: lazyRouteComponent(() => import('./bots/bot.page'), 'BotPage'),
});

const prompts = createRoute({
  getParentRoute: () => staff,
  path: 'prompts',
  staticData: { permission: 'prompts:read' },
  component: lazyRouteComponent(() => import('./prompts/first-prompt.page'), 'FirstPromptPage'),
});
const prompt = createRoute({
  getParentRoute: () => staff,
  path: 'prompts/$botId',
  staticData: { permission: 'prompts:read' },
  validateSearch: searchOf('tab'),
  component: lazyRouteComponent(() => import('./prompts/prompt.page'), 'PromptPage'),
});

const knowledge = createRoute({
  getParentRoute: () => staff,
  path: 'knowledge',
  staticData: { permission: 'knowledge:read' },
  component: lazyRouteComponent(() => import('./knowledge/first-knowledge.page'), 'FirstKnowledgePage'),
});
const botKnowledge = createRoute({
  getParentRoute: () => staff,
  path: 'knowledge/$botId',
  staticData: { permission: 'knowledge:read' },
  validateSearch: searchOf('tab', 'origin', 'deleted', 'state', 'after'),
  component: lazyRouteComponent(() => import('./knowledge/knowledge.page'), 'KnowledgePage'),
});

const conversations = createRoute({
  getParentRoute: () => staff,
  path: 'conversations',
  staticData: { permission: 'conversations:read' },
  validateSearch: searchOf('bot', 'person', 'from', 'to', 'outcome', 'rating', 'after'),
  component: lazyRouteComponent(() => import('./conversations/conversations.page'), 'ConversationsPage'),
});
const conversation = createRoute({
  getParentRoute: () => staff,
  path: 'conversations/$conversationId',
  staticData: { permission: 'conversations:read' },
  component: lazyRouteComponent(() => import('./conversations/conversation.page'), 'ConversationPage'),
});

const people = createRoute({
  getParentRoute: () => staff,
  path: 'people',
  staticData: { permission: 'people:read' },
  validateSearch: searchOf('bot', 'after'),
  component: lazyRouteComponent(() => import('./people/people.page'), 'PeoplePage'),
});
const person = createRoute({
  getParentRoute: () => staff,
  path: 'people/$userId',
  staticData: { permission: 'people:read' },
  validateSearch: searchOf('tab'),
  component: lazyRouteComponent(() => import('./people/person.page'), 'PersonPage'),
});

const failures = createRoute({
  getParentRoute: () => staff,
  path: 'failures',
  staticData: { permission: ['dead-letters:read', 'updates:read', 'quarantined-events:read'] },
  validateSearch: searchOf('tab', 'service', 'consumer', 'type', 'reason', 'bot', 'after'),
  component: lazyRouteComponent(() => import('./failures/failures.page'), 'FailuresPage'),
});

const usage = createRoute({
  getParentRoute: () => staff,
  path: 'usage',
  staticData: { permission: 'usage:read' },
  validateSearch: searchOf('bot', 'from', 'to', 'step'),
  component: lazyRouteComponent(() => import('./usage/usage.page'), 'UsagePage'),
});
const alerts = createRoute({
  getParentRoute: () => staff,
  path: 'alerts',
  staticData: { permission: 'alerts:read' },
  validateSearch: searchOf('tab', 'all', 'bot', 'alert', 'after'),
  component: lazyRouteComponent(() => import('./alerts/alerts.page'), 'AlertsPage'),
});
const boards = createRoute({
  getParentRoute: () => staff,
  path: 'boards',
  staticData: { permission: 'analytics:read' },
  validateSearch: searchOf('board', 'bot', 'from', 'to', 'kind', 'cohort', 'steps', 'order', 'window', 'by'),
  component: lazyRouteComponent(() => import('./boards/boards.page'), 'BoardsPage'),
});

const exportList = createRoute({
  getParentRoute: () => staff,
  path: 'exports',
  staticData: { permission: 'analytics:export' },
  validateSearch: searchOf('after'),
  component: lazyRouteComponent(() => import('./exports/exports.page'), 'ExportsPage'),
});

const staffList = createRoute({
  getParentRoute: () => staff,
  path: 'staff',
  staticData: { permission: 'staff:read' },
  validateSearch: searchOf('tab', 'after'),
  component: lazyRouteComponent(() => import('./staff/staff.page'), 'StaffPage'),
});
const audit = createRoute({
  getParentRoute: () => staff,
  path: 'audit',
  staticData: { permission: 'audit:read' },
  validateSearch: searchOf('tab', 'from', 'to', 'action', 'actor', 'actorId', 'result', 'after'),
  component: lazyRouteComponent(() => import('./audit/audit.page'), 'AuditPage'),
});
const account = createRoute({
  getParentRoute: () => staff,
  path: 'account',
  component: lazyRouteComponent(() => import('./account/account.page'), 'AccountPage'),
});

const keys = createRoute({
  getParentRoute: () => staff,
  path: 'keys',
  staticData: { permission: 'keys:read' },
  validateSearch: searchOf('after'),
  component: lazyRouteComponent(() => import('./keys/keys.page'), 'KeysPage'),
});

const experiments = createRoute({
  getParentRoute: () => staff,
  path: 'experiments',
  staticData: { permission: 'experiments:read' },
  validateSearch: searchOf('bot', 'state', 'after'),
  component: lazyRouteComponent(() => import('./experiments/experiments.page'), 'ExperimentsPage'),
});
const newExperiment = createRoute({
  getParentRoute: () => staff,
  path: 'experiments/new',
  staticData: { permission: 'experiments:write' },
  validateSearch: searchOf('bot', 'draft'),
  component: lazyRouteComponent(() => import('./experiments/new-experiment.page'), 'NewExperimentPage'),
});
const experiment = createRoute({
  getParentRoute: () => staff,
  path: 'experiments/$experimentId',
  staticData: { permission: 'experiments:read' },
  component: lazyRouteComponent(() => import('./experiments/experiment.page'), 'ExperimentPage'),
});

const webhooks = createRoute({
  getParentRoute: () => staff,
  path: 'webhooks',
  staticData: { permission: 'webhooks:read' },
  validateSearch: searchOf('after'),
  component: lazyRouteComponent(() => import('./webhooks/webhooks.page'), 'WebhooksPage'),
});
const webhookEndpoint = createRoute({
  getParentRoute: () => staff,
  path: 'webhooks/$endpointId',
  staticData: { permission: 'webhooks:read' },
  validateSearch: searchOf('outcome', 'type', 'delivery', 'after'),
  component: lazyRouteComponent(() => import('./webhooks/endpoint.page'), 'WebhookEndpointPage'),
});

const approvals = createRoute({
  getParentRoute: () => staff,
  path: 'approvals',
  staticData: { permission: 'approvals:read' },
  validateSearch: searchOf('tab', 'approval', 'after'),
  component: lazyRouteComponent(() => import('./approvals/approvals.page'), 'ApprovalsPage'),
});
const system = createRoute({
  getParentRoute: () => staff,
  path: 'system',
  staticData: { permission: 'system:read' },
  validateSearch: searchOf('tab', 'service', 'q'),
  component: lazyRouteComponent(() => import('./system/system.page'), 'SystemPage'),
});

const staffSignIn = createRoute({
  getParentRoute: () => root,
  path: '/console/sign-in',
  validateSearch: searchOf('to'),
  component: lazyRouteComponent(() => import('./sign-in/staff-sign-in.page'), 'StaffSignInPage'),
});
const ssoReturn = createRoute({
  getParentRoute: () => root,
  path: '/console/sign-in/sso',
  component: lazyRouteComponent(() => import('./sign-in/sso-return.page'), 'SsoReturnPage'),
});
const welcome = createRoute({
  getParentRoute: () => root,
  path: '/console/welcome',
  component: lazyRouteComponent(() => import('./sign-in/welcome.page'), 'WelcomePage'),
});

// A person's own area.
const me = createRoute({
  getParentRoute: () => root,
  path: '/me',
  component: lazyRouteComponent(() => import('./shell/person-area'), 'PersonArea'),
  notFoundComponent: NotFoundHere,
});
const myMonth = createRoute({
  getParentRoute: () => me,
  path: '/',
  validateSearch: searchOf('month'),
  component: lazyRouteComponent(() => import('./me/month.page'), 'MonthPage'),
});
const myProfile = createRoute({
  getParentRoute: () => me,
  path: 'profile',
  component: lazyRouteComponent(() => import('./me/profile.page'), 'ProfilePage'),
});
const myAccess = createRoute({
  getParentRoute: () => me,
  path: 'access',
  component: lazyRouteComponent(() => import('./me/access.page'), 'AccessPage'),
});
const myConsents = createRoute({
  getParentRoute: () => me,
  path: 'consents',
  component: lazyRouteComponent(() => import('./me/consents.page'), 'ConsentsPage'),
});
const personSignIn = createRoute({
  getParentRoute: () => root,
  path: '/me/sign-in',
  validateSearch: searchOf('to', 'state', 'code', 'device_id', 'iss', 'error'),
  component: lazyRouteComponent(() => import('./me/sign-in.page'), 'PersonSignInPage'),
});

const routeTree = root.addChildren([
  staffSignIn,
  ssoReturn,
  welcome,
  personSignIn,
  staff.addChildren([
    overview,
    ...[bots, newBot, bot],
    ...[prompts, prompt],
    ...[knowledge, botKnowledge],
    ...[experiments, newExperiment, experiment],
    ...[conversations, conversation],
    ...[people, person],
    failures,
    ...[usage, alerts, boards, exportList],
    ...[webhooks, webhookEndpoint, keys, system],
    ...[staffList, approvals, audit, account],
  ]),
  me.addChildren([myMonth, myProfile, myAccess, myConsents]),
]);

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
    /** Who may do none of this sees what is missing in place of the page. */
    permission?: string | readonly string[];
    /** It takes the right for all bots: for some of them it is not enough. */
    withAllBots?: boolean;
  }
}
