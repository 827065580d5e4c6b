import type * as Api from '@switchboard/api-client';

/** What the gateway answers by its contract, by method and path. */
export interface Answers {
  'DELETE /v1/session/*': Api.GatewaySessionEndResponse;
  'GET /v1/account': Api.GatewayAccountReadResponse;
  'GET /v1/account/approvals': Api.GatewayAccountListApprovalsResponse;
  'GET /v1/alert-settings': Api.AnalyticsAlertSettingsReadResponse;
  'GET /v1/alerts': Api.AnalyticsAlertsListResponse;
  'GET /v1/analytics/exports': Api.AnalyticsExportsListResponse;
  'GET /v1/approvals': Api.GatewayApprovalsListResponse;
  'GET /v1/approvals/*': Api.GatewayApprovalsReadResponse;
  'GET /v1/audit/entries': Api.GatewayAuditEntriesListResponse;
  'GET /v1/bots': Api.GatewayBotsListResponse;
  'GET /v1/bots/*': Api.GatewayBotsReadResponse;
  'GET /v1/contacts': Api.BotAdapterContactsListResponse;
  'GET /v1/conversations': Api.ChatAiConversationsListResponse;
  'GET /v1/conversations/*': Api.ChatAiConversationsReadResponse;
  'GET /v1/conversations/*/messages': Api.ChatAiMessagesListResponse;
  'GET /v1/conversations/*/turns': Api.ChatAiTurnsListResponse;
  'GET /v1/demo': Api.GatewayDemoReadResponse;
  'GET /v1/inbound-updates/quarantined/summary': Api.BotAdapterQuarantinedUpdatesSummarizeResponse;
  'GET /v1/keys': Api.GatewayKeysListResponse;
  'GET /v1/knowledge/*/faq': Api.ChatAiFaqListResponse;
  'GET /v1/me': Api.GatewayMeReadResponse;
  'GET /v1/me/consents': Api.GatewayConsentsListResponse;
  'GET /v1/me/statistics': Api.AnalyticsMeReadStatisticsResponse;
  'GET /v1/people/*': Api.GatewayPeopleReadResponse;
  'GET /v1/people/*/contacts': Api.BotAdapterPersonContactsReadResponse;
  'GET /v1/people/*/deliveries': Api.BotAdapterPersonDeliveriesListResponse;
  'GET /v1/people/*/usage': Api.AnalyticsBoardsReadPersonUsageResponse;
  'GET /v1/prompts/*': Api.ChatAiPromptInForceReadResponse;
  'GET /v1/prompts/*/drafts': Api.ChatAiPromptDraftsListResponse;
  'GET /v1/prompts/*/versions': Api.ChatAiPromptVersionsListResponse;
  'GET /v1/roles': Api.GatewayRolesListResponse;
  'GET /v1/services/*/bus/dead-letters/summary': Api.ServiceKitDeadLettersSummarizeResponse;
  'GET /v1/services/*/system': Api.ServiceKitSystemReadResponse;
  'GET /v1/session': Api.GatewaySessionReadResponse;
  'GET /v1/staff': Api.GatewayStaffListResponse;
  'GET /v1/staff/*/sessions': Api.GatewayStaffSessionsListResponse;
  'GET /v1/usage': Api.ChatAiUsageReadResponse;
  'GET /v1/webhook-deliveries': Api.GatewayWebhookDeliveriesListResponse;
  'GET /v1/webhook-endpoints/*': Api.GatewayWebhookEndpointsReadResponse;
  'GET /v1/webhook-types': Api.GatewayWebhookTypesListResponse;
  'PATCH /v1/bots/*': Api.GatewayBotsEditResponse;
  'PATCH /v1/me': Api.GatewayMeChangeResponse;
  'PATCH /v1/prompts/*/drafts/*': Api.ChatAiPromptDraftsChangeResponse;
  'PATCH /v1/webhook-endpoints/*': Api.GatewayWebhookEndpointsChangeResponse;
  'POST /v1/bots': Api.GatewayBotsCreateResponse;
  'POST /v1/bots/channels/check': Api.GatewayBotChannelsCheckResponse;
  'POST /v1/bots/drafts/check': Api.GatewayBotDraftsCheckResponse;
  'POST /v1/contacts/find': Api.BotAdapterContactsFindResponse;
  'POST /v1/conversations/search': Api.ChatAiMessagesSearchResponse;
  'POST /v1/keys': Api.GatewayKeysCreateResponse;
  'POST /v1/sign-in/links/read': Api.GatewaySignInLinksReadResponse;
  'POST /v1/sign-in/links/redeem': Api.GatewaySignInLinksRedeemResponse;
  'POST /v1/staff-sign-in/invitation/read': Api.GatewayStaffSignInReadInvitationResponse;
  'POST /v1/webhook-endpoints/*/test': Api.GatewayWebhookEndpointsTestResponse;
  'PUT /v1/alert-settings': Api.AnalyticsAlertSettingsChangeResponse;
  'PUT /v1/knowledge/*/faq/*': Api.ChatAiFaqChangeResponse;
  'PUT /v1/me/consents/analytics': Api.GatewayConsentsGiveResponse;
  'PUT /v1/staff/*': Api.GatewayStaffEditResponse;
}

export const THEN = '2026-05-04T10:00:00.000Z';
export const STAFF_ID = '0190a000-0000-7000-8000-000000000001';
export const COLLEAGUE_ID = '0190a000-0000-7000-8000-000000000002';
export const PERSON_ID = '0190a000-0000-7000-8000-0000000000aa';

/** The one page of a list. */
export const listOf = <Row>(...data: Row[]) => ({ data, page: { next: null, prev: null } });

/** The session of a member of staff who may do this and nothing else. */
export const signedInWith = (...scopes: string[]): Answers['GET /v1/session'] => ({
  staff: { id: STAFF_ID, roles: ['support'], scopes, bots: [], amr: ['pwd'], provenAt: THEN },
  person: null,
});

export const signedInPerson: Answers['GET /v1/session'] = {
  staff: null,
  person: { id: PERSON_ID, roles: [], scopes: ['me:*'], bots: [], amr: ['link'], provenAt: THEN },
};

export const profile: Answers['GET /v1/me'] = {
  ...{ userId: PERSON_ID, name: 'Ann', locale: 'en', timeZone: 'UTC', registeredAt: THEN, revision: 1 },
};

export const memberNamed = (id: string, name: string): Api.GatewayStaffMember => ({
  ...{ id, name, email: 'ada@example.com', grants: [], signedInAt: THEN, createdAt: THEN, revision: 1 },
  state: 'active',
  factors: ['totp'],
});

export const botNamed = (name: string): Api.GatewayBotSummary => ({
  ...{ id: name.toLowerCase(), name, channel: 'telegram', hidesFile: false, mistakes: [], changedAt: THEN },
  state: 'active',
  describedBy: 'gateway',
});

export const endpoint: Answers['GET /v1/webhook-endpoints/*'] = {
  ...{ id: 'e1', url: 'https://shop.example/hook', description: 'Shop', types: ['payments.invoice.paid.v1'] },
  ...{ botIds: null, ordered: false, disabledReason: null, disabledAt: null, createdAt: THEN, secrets: [] },
  content: 'thin',
  state: 'enabled',
  owner: { kind: 'staff', id: COLLEAGUE_ID },
  health: { failingSince: null, failures: 0, lastSuccessAt: null, lastFailureAt: null, waiting: 0 },
  revision: 1,
};

/** Asked for by a colleague. */
export const approval: Api.GatewayApproval = {
  ...{ id: 'a1', route: 'gateway.staff.grant', summary: 'Make Grace Holm an owner', method: 'PUT', path: '/v1/x' },
  ...{ botId: null, requestedBy: { id: COLLEAGUE_ID, name: 'Grace Holm' }, requestedAt: THEN, expiresAt: THEN },
  ...{ decidedBy: null, decidedAt: null, comment: null, usedAt: null, mayDecide: true },
  state: 'pending',
};

export const prompt: Api.ChatAiPrompt = {
  ...{ id: 'p1', version: 1, text: 'You sell books.', note: null, characters: 15, isInForce: true },
  ...{ origin: 'console', createdAt: THEN, createdBy: COLLEAGUE_ID },
};

export const promptInForce: Answers['GET /v1/prompts/*'] = {
  ...{ botId: 'books', prompt, release: null, described: prompt, revision: 1 },
  source: 'console',
};
