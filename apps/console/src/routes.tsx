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

const sales = createRoute({
  getParentRoute: () => staff,
  path: 'sales',
  staticData: { permission: 'analytics:read' },
  validateSearch: searchOf('bot', 'currency', 'months'),
  component: lazyRouteComponent(() => import('./sales/sales.page'), 'SalesPage'),
});
const orders = createRoute({
  getParentRoute: () => staff,
  path: 'orders',
  staticData: { permission: ['orders:read', 'refunds:read'] },
  validateSearch: searchOf('tab', 'q', 'person', 'state', 'provider', 'bot', 'after'),
  component: lazyRouteComponent(() => import('./orders/orders.page'), 'OrdersPage'),
});
const order = createRoute({
  getParentRoute: () => staff,
  path: 'orders/$orderId',
  staticData: { permission: 'orders:read' },
  component: lazyRouteComponent(() => import('./orders/order.page'), 'OrderPage'),
});
const subscriptions = createRoute({
  getParentRoute: () => staff,
  path: 'subscriptions',
  staticData: { permission: 'subscriptions:read' },
  validateSearch: searchOf('bot', 'person', 'plan', 'state', 'after'),
  component: lazyRouteComponent(() => import('./subscriptions/subscriptions.page'), 'SubscriptionsPage'),
});
const catalogue = createRoute({
  getParentRoute: () => staff,
  path: 'catalogue',
  staticData: { permission: ['catalogue:read', 'promotions:read'] },
  component: lazyRouteComponent(() => import('./catalogue/first-catalogue.page'), 'FirstCataloguePage'),
});
const botCatalogue = createRoute({
  getParentRoute: () => staff,
  path: 'catalogue/$botId',
  staticData: { permission: ['catalogue:read', 'promotions:read'] },
  validateSearch: searchOf('tab', 'archived', 'q', 'after'),
  component: lazyRouteComponent(() => import('./catalogue/catalogue.page'), 'CataloguePage'),
});
const newPlan = createRoute({
  getParentRoute: () => staff,
  path: 'catalogue/$botId/plans/new',
  staticData: { permission: 'catalogue:write' },
  component: lazyRouteComponent(() => import('./catalogue/new-plan.page'), 'NewPlanPage'),
});
const plan = createRoute({
  getParentRoute: () => staff,
  path: 'catalogue/$botId/plans/$planId',
  staticData: { permission: 'catalogue:read' },
  component: lazyRouteComponent(() => import('./catalogue/plan.page'), 'PlanPage'),
});
const partners = createRoute({
  getParentRoute: () => staff,
  path: 'partners',
  staticData: { permission: ['partners:read', 'shop-terms:read'] },
  component: lazyRouteComponent(() => import('./partners/first-partners.page'), 'FirstPartnersPage'),
});
const botPartners = createRoute({
  getParentRoute: () => staff,
  path: 'partners/$botId',
  staticData: { permission: ['partners:read', 'shop-terms:read'] },
  validateSearch: searchOf('tab', 'after'),
  component: lazyRouteComponent(() => import('./partners/partners.page'), 'PartnersPage'),
});
const payouts = createRoute({
  getParentRoute: () => staff,
  path: 'payouts',
  staticData: { permission: 'payouts:read' },
  validateSearch: searchOf('bot', 'person', 'state', 'after'),
  component: lazyRouteComponent(() => import('./payouts/payouts.page'), 'PayoutsPage'),
});
const ledger = createRoute({
  getParentRoute: () => staff,
  path: 'ledger',
  staticData: { permission: 'ledger:read' },
  validateSearch: searchOf('tab', 'order', 'person', 'bot', 'provider', 'state', 'day', 'after'),
  component: lazyRouteComponent(() => import('./ledger/ledger.page'), 'LedgerPage'),
});

const servers = createRoute({
  getParentRoute: () => staff,
  path: 'servers',
  staticData: { permission: 'servers:read', withAllBots: true },
  validateSearch: searchOf('tab', 'region', 'state', 'server', 'bot', 'kind', 'after'),
  component: lazyRouteComponent(() => import('./servers/servers.page'), 'ServersPage'),
});
const newServer = createRoute({
  getParentRoute: () => staff,
  path: 'servers/new',
  staticData: { permission: 'servers:write', withAllBots: true },
  component: lazyRouteComponent(() => import('./servers/new-server.page'), 'NewServerPage'),
});
const server = createRoute({
  getParentRoute: () => staff,
  path: 'servers/$serverId',
  staticData: { permission: 'servers:read', withAllBots: true },
  component: lazyRouteComponent(() => import('./servers/server.page'), 'ServerPage'),
});
const serverSettings = createRoute({
  getParentRoute: () => staff,
  path: 'servers/$serverId/settings',
  staticData: { permission: 'servers:write', withAllBots: true },
  component: lazyRouteComponent(() => import('./servers/server-settings.page'), 'ServerSettingsPage'),
});
const broadcasts = createRoute({
  getParentRoute: () => staff,
  path: 'broadcasts',
  staticData: { permission: 'broadcasts:read' },
  validateSearch: searchOf('bot', 'after'),
  component: lazyRouteComponent(() => import('./broadcasts/broadcasts.page'), 'BroadcastsPage'),
});
const newBroadcast = createRoute({
  getParentRoute: () => staff,
  path: 'broadcasts/new',
  staticData: { permission: 'broadcasts:write' },
  component: lazyRouteComponent(() => import('./broadcasts/new-broadcast.page'), 'NewBroadcastPage'),
});
const broadcast = createRoute({
  getParentRoute: () => staff,
  path: 'broadcasts/$broadcastId',
  staticData: { permission: 'broadcasts:read' },
  component: lazyRouteComponent(() => import('./broadcasts/broadcast.page'), 'BroadcastPage'),
});
const promotions = createRoute({
  getParentRoute: () => staff,
  path: 'promotions',
  staticData: { permission: 'promotions:read' },
  component: lazyRouteComponent(() => import('./promotions/first-promotions.page'), 'FirstPromotionsPage'),
});
const botPromotions = createRoute({
  getParentRoute: () => staff,
  path: 'promotions/$botId',
  staticData: { permission: 'promotions:read' },
  validateSearch: searchOf('tab', 'after'),
  component: lazyRouteComponent(() => import('./promotions/promotions.page'), 'PromotionsPage'),
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

// A person's own area. The bot of which something is bought stands in the address of each page.
const me = createRoute({
  getParentRoute: () => root,
  path: '/me',
  validateSearch: searchOf('bot'),
  component: lazyRouteComponent(() => import('./shell/person-area'), 'PersonArea'),
  notFoundComponent: NotFoundHere,
});
const myHome = createRoute({
  getParentRoute: () => me,
  path: '/',
  component: lazyRouteComponent(() => import('./me/home.page'), 'HomePage'),
});
const mySubscriptions = createRoute({
  getParentRoute: () => me,
  path: 'subscriptions',
  component: lazyRouteComponent(() => import('./me/subscriptions/subscriptions.page'), 'SubscriptionsPage'),
});
const mySubscription = createRoute({
  getParentRoute: () => me,
  path: 'subscriptions/$subscriptionId',
  component: lazyRouteComponent(() => import('./me/subscriptions/subscriptions.page'), 'SubscriptionPage'),
});
const buy = createRoute({
  getParentRoute: () => me,
  path: 'buy',
  validateSearch: searchOf('what', 'item', 'subscription', 'currency', 'amount'),
  component: lazyRouteComponent(() => import('./me/shop/checkout.page'), 'CheckoutPage'),
});
const myOrder = createRoute({
  getParentRoute: () => me,
  path: 'payments/$orderId',
  component: lazyRouteComponent(() => import('./me/shop/order.page'), 'OrderPage'),
});
const myPayments = createRoute({
  getParentRoute: () => me,
  path: 'payments',
  validateSearch: searchOf('after'),
  component: lazyRouteComponent(() => import('./me/money/payments.page'), 'PaymentsPage'),
});
const myBalance = createRoute({
  getParentRoute: () => me,
  path: 'balance',
  validateSearch: searchOf('after'),
  component: lazyRouteComponent(() => import('./me/money/balance.page'), 'BalancePage'),
});
const invite = createRoute({
  getParentRoute: () => me,
  path: 'invite',
  validateSearch: searchOf('after'),
  component: lazyRouteComponent(() => import('./me/referrals/referrals.page'), 'ReferralsPage'),
});
const myGifts = createRoute({
  getParentRoute: () => me,
  path: 'gifts',
  validateSearch: searchOf('after'),
  component: lazyRouteComponent(() => import('./me/gifts/gifts.page'), 'GiftsPage'),
});
const myMonth = createRoute({
  getParentRoute: () => me,
  path: 'month',
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

// Where links lead that say what they are worth: nobody has to be signed in to see them.
const gift = createRoute({
  getParentRoute: () => root,
  path: '/me/gift',
  component: lazyRouteComponent(() => import('./me/gifts/gift.page'), 'GiftPage'),
});
const claim = createRoute({
  getParentRoute: () => root,
  path: '/me/claim',
  component: lazyRouteComponent(() => import('./me/gifts/claim.page'), 'ClaimPage'),
});
const guestShop = createRoute({
  getParentRoute: () => root,
  path: '/shop/$botId',
  validateSearch: searchOf('campaign'),
  component: lazyRouteComponent(() => import('./guest-shop/guest-shop.page'), 'GuestShopPage'),
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
  ...[personSignIn, gift, claim, guestShop],
  staff.addChildren([
    overview,
    ...[bots, newBot, bot],
    ...[prompts, prompt],
    ...[knowledge, botKnowledge],
    ...[experiments, newExperiment, experiment],
    ...[conversations, conversation],
    ...[people, person],
    ...[sales, orders, order, subscriptions],
    ...[catalogue, botCatalogue, newPlan, plan],
    ...[partners, botPartners, payouts, ledger],
    ...[broadcasts, newBroadcast, broadcast, promotions, botPromotions],
    failures,
    ...[servers, newServer, server, serverSettings],
    ...[usage, alerts, boards, exportList],
    ...[webhooks, webhookEndpoint, keys, system],
    ...[staffList, approvals, audit, account],
  ]),
  me.addChildren([
    ...[myHome, mySubscriptions, mySubscription],
    ...[buy, myOrder, myPayments, myBalance, invite, myGifts],
    ...[myMonth, myProfile, myAccess, myConsents],
  ]),
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
