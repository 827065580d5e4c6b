import * as analytics from './analytics.api';
import * as analyticsBoards from './analytics.boards.api';
import * as analyticsDemo from './analytics.demo.api';
import * as analyticsExports from './analytics.exports.api';
import * as analyticsMe from './analytics.me.api';
import * as analyticsPeople from './analytics.people.api';
import * as analyticsRates from './analytics.rates.api';
import * as analyticsAnomalies from './analytics.anomalies.api';
import * as analyticsExperiments from './analytics.experiments.api';
import * as analyticsRunningExperiments from './analytics.running-experiments.api';
import * as botAdapter from './bot-adapter.api';
import * as botAdapterConnections from './bot-adapter.connections.api';
import * as botAdapterPayments from './bot-adapter.payments.api';
import * as botAdapterBroadcasts from './bot-adapter.broadcasts.api';
import * as botAdapterPublicFiles from './bot-adapter.public-files.api';
import * as chatAiConversations from './chat-ai.conversations.api';
import * as chatAiDemo from './chat-ai.demo.api';
import * as chatAiDeskTools from './chat-ai.desk-tools.api';
import * as chatAiKnowledge from './chat-ai.knowledge.api';
import * as chatAiPrompts from './chat-ai.prompts.api';
import * as chatAiScenarios from './chat-ai.scenarios.api';
import * as chatAiTicketActions from './chat-ai.ticket-actions.api';
import * as chatAiTickets from './chat-ai.tickets.api';
import * as chatAiUnanswered from './chat-ai.unanswered.api';
import * as chatAiUsage from './chat-ai.usage.api';
import { type RouteDefinition, serviceOf } from './define-route';
import * as gatewayAudit from './gateway.audit.api';
import * as gatewayApprovals from './gateway.approvals.api';
import * as gatewayBrowserErrors from './gateway.browser-errors.api';
import * as gatewayBackups from './gateway.backups.api';
import * as gatewayBots from './gateway.bots.api';
import * as gatewayDemo from './gateway.demo.api';
import * as gatewayKeys from './gateway.keys.api';
import * as gatewayMails from './gateway.mails.api';
import * as gatewayMe from './gateway.me.api';
import * as gatewayPasskeys from './gateway.passkeys.api';
import * as gatewayPeople from './gateway.people.api';
import * as gatewayProofOfWork from './gateway.proof-of-work.api';
import * as gatewaySession from './gateway.session.api';
import * as gatewaySignIn from './gateway.sign-in.api';
import * as gatewaySso from './gateway.sso.api';
import * as gatewayStaff from './gateway.staff.api';
import * as gatewayTokens from './gateway.tokens.api';
import * as gatewayWebhooks from './gateway.webhooks.api';
import * as paymentsBoard from './payments.board.api';
import * as paymentsCampaigns from './payments.campaigns.api';
import * as paymentsCatalogue from './payments.catalogue.api';
import * as paymentsDemo from './payments.demo.api';
import * as paymentsBalances from './payments.balances.api';
import * as paymentsChannelPayments from './payments.channel-payments.api';
import * as paymentsEntitlements from './payments.entitlements.api';
import * as paymentsGifts from './payments.gifts.api';
import * as paymentsGuests from './payments.guests.api';
import * as paymentsMailNotices from './payments.mail-notices.api';
import * as paymentsOffers from './payments.offers.api';
import * as paymentsNotifications from './payments.notifications.api';
import * as paymentsOrders from './payments.orders.api';
import * as paymentsReconciliation from './payments.reconciliation.api';
import * as paymentsPartners from './payments.partners.api';
import * as paymentsReferrals from './payments.referrals.api';
import * as paymentsSegments from './payments.segments.api';
import * as paymentsShop from './payments.shop.api';
import * as paymentsTerms from './payments.terms.api';
import * as paymentsDeliveryMethods from './payments.delivery-methods.api';
import * as paymentsGoods from './payments.goods.api';
import * as paymentsStock from './payments.stock.api';
import * as paymentsStore from './payments.store.api';
import * as paymentsStoreOrders from './payments.store-orders.api';
import * as paymentsReturns from './payments.returns.api';
import * as paymentsGoodsImports from './payments.goods-imports.api';
import * as paymentsOrderDocuments from './payments.order-documents.api';
import * as serviceKit from './service-kit.api';
import * as serviceKitBackups from './service-kit.backups.api';
import * as ttsWorker from './tts-worker.api';
import * as vpnProvisionerAccesses from './vpn-provisioner.accesses.api';
import * as vpnProvisionerForecast from './vpn-provisioner.forecast.api';
import * as vpnProvisionerServerTemplates from './vpn-provisioner.server-templates.api';
import * as vpnProvisionerLinks from './vpn-provisioner.links.api';
import * as vpnProvisionerMe from './vpn-provisioner.me.api';
import * as vpnProvisionerMigrations from './vpn-provisioner.migrations.api';
import * as vpnProvisionerServers from './vpn-provisioner.servers.api';
import * as vpnProvisionerUsage from './vpn-provisioner.usage.api';

const files = [
  analytics,
  analyticsBoards,
  analyticsDemo,
  analyticsExports,
  analyticsMe,
  analyticsPeople,
  analyticsRates,
  analyticsAnomalies,
  analyticsExperiments,
  analyticsRunningExperiments,
  botAdapter,
  botAdapterPayments,
  botAdapterBroadcasts,
  botAdapterConnections,
  botAdapterPublicFiles,
  chatAiConversations,
  chatAiDemo,
  chatAiDeskTools,
  chatAiKnowledge,
  chatAiPrompts,
  chatAiScenarios,
  chatAiTicketActions,
  chatAiTickets,
  chatAiUnanswered,
  chatAiUsage,
  gatewayAudit,
  gatewayApprovals,
  gatewayBackups,
  gatewayBots,
  gatewayBrowserErrors,
  gatewayDemo,
  gatewayKeys,
  gatewayMails,
  gatewayMe,
  gatewayPasskeys,
  gatewayPeople,
  gatewayProofOfWork,
  gatewaySession,
  gatewaySignIn,
  gatewaySso,
  gatewayStaff,
  gatewayTokens,
  gatewayWebhooks,
  serviceKit,
  serviceKitBackups,
  paymentsBoard,
  paymentsCampaigns,
  paymentsCatalogue,
  paymentsDemo,
  paymentsBalances,
  paymentsChannelPayments,
  paymentsEntitlements,
  paymentsGifts,
  paymentsGuests,
  paymentsMailNotices,
  paymentsNotifications,
  paymentsOffers,
  paymentsOrders,
  paymentsReconciliation,
  paymentsPartners,
  paymentsReferrals,
  paymentsSegments,
  paymentsShop,
  paymentsTerms,
  paymentsDeliveryMethods,
  paymentsGoods,
  paymentsStock,
  paymentsStore,
  paymentsStoreOrders,
  paymentsReturns,
  paymentsGoodsImports,
  paymentsOrderDocuments,
  ttsWorker,
  vpnProvisionerAccesses,
  vpnProvisionerForecast,
  vpnProvisionerServerTemplates,
  vpnProvisionerLinks,
  vpnProvisionerMe,
  vpnProvisionerMigrations,
  vpnProvisionerServers,
  vpnProvisionerUsage,
];
const exported = files.flatMap((file) => Object.values(file) as unknown[]);

const isRoute = (value: unknown): value is RouteDefinition =>
  typeof value === 'object' && value !== null && 'method' in value && 'path' in value && 'permission' in value;

/** Every route of every service, in the order of the files. */
export const routes: readonly RouteDefinition[] = exported.filter(isRoute);

/** What a service answers: its own routes and those of the kit. */
export const routesOf = (service: string): RouteDefinition[] =>
  routes.filter((route) => [service, 'service-kit'].includes(serviceOf(route)));
