export { defineEvent, defineSignal } from './define-event';
export type {
  CloudEvent,
  EventDefinition,
  EventDraft,
  EventOf,
  SealedEventOf,
  SealedSignalOf,
  SignalDefinition,
  SignalOf,
  Upcast,
} from './define-event';
export { type Decrypted, type FieldPath, personal, personalFieldsOf, Sealed } from './personal';
export { upcast, versionsReadAs } from './upcast';
export type { ReadData } from './upcast';
export { ownMessageInRussian } from './own-message';
export { type Known, openWord, type OpenWord, type OpenWordSchema } from './open-word';
export { type KnownLocale, Locale, localized, nearestLocale } from './locale';
export { type AuditAction, auditActions, resourceTypeOf } from './audit-actions';
export { BotId, Channel, CostMicros, DemoId, MediaKind, MediaRef, MediaType } from './shapes';
export {
  BOT_SECTION_READERS,
  BotBudgets,
  BotDescription,
  CHANNEL_TOKEN,
  livesInSandbox,
  OpeningHours,
  TimeZone,
  type Bot,
  type Budget,
} from './bot';
export { events, signals } from './catalog';
export { publishedSchema } from './published-schema';
export {
  AnalyticsPersonErased,
  PageClosed,
  PageOpened,
  StepReached,
  type UiEventDefinition,
  uiEvents,
} from './analytics.events';
export {
  BotAdapterPersonErased,
  ChannelPaymentReceived,
  ChannelPaymentRefunded,
  ChannelRenewalChanged,
  ConnectionChanged,
  ConnectionsChanged,
  MembershipChanged,
  ChannelRenewalState,
  ContactBlocked,
  ContactStarted,
  ContactUnblocked,
  ConversationReset,
  DeliveryKind,
  ErasureRequested,
  ForeignReplyBy,
  ForeignReplyNoticed,
  type KnownUndeliverableReason,
  LinkFollowed,
  MessageAbout,
  MessageDeleted,
  MessageDelivered,
  MessageEdited,
  MessageKind,
  MessageRead,
  MessageReceived,
  MessageUndeliverable,
  NoticeAudience,
  NoticeSendRequested,
  PreviewsCancelled,
  SurveyAnswered,
  SurveyAskRequested,
  SurveyQuestion,
  UndeliverableReason,
} from './bot-adapter.events';
export {
  AlertMeasure,
  AlertRule,
  AlertSeverity,
  AnomalyDetected,
  AnomalyResolved,
  ArmKey,
  ExperimentDecided,
  ExperimentDecision,
  ExperimentKey,
  ExperimentPlace,
  ExperimentStarted,
  ExposureReason,
  ExposureRecorded,
} from './analytics.events';
export {
  AllowanceChangeRequested,
  ChatAiPersonErased,
  ConfirmationDecideRequested,
  FAILED_OUTCOMES,
  HandoverEnded,
  HandoverEndedBy,
  HandoverEndRequested,
  HandoverReason,
  HandoverBegan,
  PromptsChanged,
  ReplyCompleted,
  ReplyOutcome,
  ReplyRateRequested,
  ReplyRegenerateRequested,
  ReplyStopRequested,
  ReplyTyped,
  SUCCEEDED_OUTCOMES,
  TurnInterrupted,
  TypingState,
  UsagePurpose,
  UsageRecorded,
} from './chat-ai.events';
export { CachedAnswerUsed, MessageLabelled } from './chat-ai.labels.events';
export { BotConfigured, BotsChanged } from './gateway.events';
export {
  type KnownSpeechCallOutcome,
  type KnownSpeechFailure,
  type KnownSpeechPurpose,
  type KnownTranscriptionFailure,
  SpeechCallOutcome,
  SpeechCompleted,
  SpeechFailed,
  SpeechFailure,
  SpeechPurpose,
  SpeechSpeakRequested,
  SpeechUsageRecorded,
  TranscriptionCompleted,
  TranscriptionFailed,
  TranscriptionFailure,
  TtsWorkerPersonErased,
} from './tts-worker.events';
export {
  AccessChanged,
  AuditActorKind,
  AuditEntryAppendRequested,
  AuditResult,
  ConsentGiven,
  ConsentPurpose,
  ConsentSource,
  ConsentWithdrawn,
  GatewayPersonErased,
  IdentityChannel,
  IdentityLinked,
  IdentityUnlinked,
  PersonReleased,
  PersonRestricted,
  SessionMisused,
  UserRegistered,
  WebhookDeliveryCompleted,
  WebhookDeliveryFailed,
  WebhookDisabledReason,
  WebhookEndpointDisabled,
  WebhookEndpointFailing,
  WebhookEndpointPinged,
  WebhookFailure,
} from './gateway.events';

// HTTP: routes, the shapes they share, and what is made from them
export {
  bytes,
  defineRoute,
  eventStream,
  form,
  isOpen,
  placeholdersOf,
  raw,
  serviceOf,
  statusOf,
  upload,
} from './define-route';
export type {
  ApprovalRule,
  BytesAnswer,
  EventStreamAnswer,
  FormBody,
  HttpMethod,
  Permission,
  RawBody,
  RouteRate,
  RouteDefinition,
  UploadBody,
} from './define-route';
export { Actor, FieldError, Instant, LocalizedText, pageOf, PageQuery, Problem, queryList } from './api.shapes';
export { allows, ASKS_FOR_PERSONS, isOfOnesOwn } from './permissions';
export { givablePermissions, isKnownScope } from './known-permissions';
export { mergedOpenApi, openApi, publicPathOf } from './openapi';
export { routes, routesOf } from './routes';
export {
  AcknowledgeAlert,
  AddKnownPeriod,
  AlertState,
  ChangeAlertSettings,
  LiftThrottle,
  ListAlerts,
  ListKnownPeriods,
  ReadAlert,
  ReadAlertSettings,
  RecordProviderBill,
  RemoveKnownPeriod,
  SnoozeAlert,
} from './analytics.anomalies.api';
export {
  ChangeExperiment,
  DecideExperiment,
  DraftExperiment,
  ExperimentState,
  ListExperiments,
  PlanExperiment,
  ReadExperiment,
  ReadExperimentResults,
  RemoveExperiment,
  StartExperiment,
} from './analytics.experiments.api';
export { ListRunningExperiments, ReadArm, RunningExperiment } from './analytics.running-experiments.api';
export {
  BackUpStatistics,
  CheckArchivedDay,
  CheckStatisticsBackup,
  ImportArchivedDay,
  ListArchivedDays,
  ListQuarantinedEvents,
  ListStatisticsBackups,
  MOST_UI_EVENTS,
  QuarantineReason,
  RebuildMeasures,
  RecordUiEvents,
  ReplayQuarantinedEvents,
  RestoreStatistics,
} from './analytics.api';
export {
  ChannelReport,
  CheckChannel,
  ConfirmWebhook,
  DiscardQuarantinedUpdate,
  FindContacts,
  ListContacts,
  ListPersonDeliveries,
  ListQuarantinedUpdates,
  MEDIA_KEPT_DAYS,
  ReadMedia,
  ReadPersonContacts,
  ReadPersonProfile,
  ReadQuarantinedUpdate,
  ReceiveUpdates,
  ReplayQuarantinedUpdate,
  ReplayQuarantinedUpdates,
  SummarizeQuarantinedUpdates,
} from './bot-adapter.api';
export {
  ListDefinitions,
  ReadActivity,
  ReadBusiness,
  ReadFunnel,
  ReadGrowth,
  ReadModelUsage,
  ReadShopPage,
  ReadOverview,
  ReadRetention,
  ReadRevenue,
  ReadSurvival,
} from './analytics.boards.api';
export { ReadPersonUsage } from './analytics.people.api';
export { ReportZone } from './analytics.reports';
export {
  DownloadExport,
  ExportedReport,
  ExportFormat,
  ListExports,
  OpenExport,
  ReadExport,
} from './analytics.exports.api';
export { RemoveDemoEvents, TakeDemoEvents, TakeDemoExperiment } from './analytics.demo.api';
export { RemoveDemoTurns, TakeDemoTurns } from './chat-ai.demo.api';
export { ReadDemo, RemoveDemoPeople, TakeDemoPeople } from './gateway.demo.api';
export { ReadMyStatistics } from './analytics.me.api';
export { ListRates, PutRate } from './analytics.rates.api';
export {
  ExportConversation,
  ListConversations,
  ListMessages,
  ListTurns,
  ReadConversation,
  ResumeConversation,
  SearchMessages,
} from './chat-ai.conversations.api';
export {
  AddFaq,
  AddKnowledgePage,
  ChangeFaq,
  ChangeKnowledgePage,
  DeleteKnowledgeDocument,
  DownloadKnowledgeFile,
  FaqTexts,
  ListFaq,
  ListKnowledgeDocuments,
  ListKnowledgePassages,
  ReadFaq,
  ReadKnowledgeDocument,
  ReplaceKnowledgeFile,
  RereadKnowledgePage,
  RestoreKnowledgeDocument,
  SearchKnowledge,
  UploadKnowledgeFile,
} from './chat-ai.knowledge.api';
export {
  ChangePromptDraft,
  DiscardPromptDraft,
  ListPromptDrafts,
  ListPromptReleases,
  ListPromptVersions,
  OpenPromptDraft,
  PublishPrompt,
  ReadPromptDraft,
  ReadPromptInForce,
  ReadPromptVersion,
  TryPrompt,
  WithdrawPrompt,
} from './chat-ai.prompts.api';
export { DeleteScenario, ListScenarios, SetScenario } from './chat-ai.scenarios.api';
export {
  AnswerUnanswered,
  ListUnanswered,
  ListUnansweredQuestions,
  ReadUnanswered,
  ResolveUnanswered,
} from './chat-ai.unanswered.api';
export { ReadUsage, ReadUsageSeries } from './chat-ai.usage.api';
export {
  ArchiveBot,
  BotState,
  CheckBotChannel,
  CheckBotDraft,
  CompareBotRevisions,
  CreateBot,
  EditBot,
  KeptBot,
  ListBotRevisions,
  ListBots,
  PauseBot,
  ReadBot,
  ReadBotDescriptions,
  ReadBotRevision,
  RemoveBotSecret,
  RestoreBot,
  ResumeBot,
  RollBackBot,
  SetBotSecret,
  TakeOverBot,
} from './gateway.bots.api';
export {
  CheckBot,
  DiscardDeadLetters,
  ListDeadLetters,
  ReadSystem,
  ReplayDeadLetters,
  SummarizeDeadLetters,
} from './service-kit.api';
export { ReadAudio } from './tts-worker.api';
export {
  ChangeMe,
  EndMyOtherSessions,
  EndMySession,
  GiveConsent,
  ListMyConsents,
  ListMyIdentities,
  ListMySessions,
  ReadMe,
  UnlinkMyIdentity,
  WithdrawConsent,
} from './gateway.me.api';
export {
  EndPersonSession,
  EndPersonSessions,
  FindPeople,
  LiftRestriction,
  ListPeople,
  ListPersonSessions,
  ReadPerson,
  RestrictPerson,
  RevealPerson,
} from './gateway.people.api';
export {
  BeginLinking,
  BeginSignIn,
  CompleteSignIn,
  CreateSignInLink,
  LinkEmail,
  LinkIdentity,
  LinkSupabase,
  ListSignInMethods,
  RedeemSignInLink,
  SendLinkingEmail,
  SendSignInEmail,
  SignInFromSupabase,
  SignInFromWebApp,
} from './gateway.sign-in.api';
export {
  ExportAuditEntries,
  ListAuditEntries,
  CopyAuditSignatures,
  ListAuditKeys,
  ListAuditVerifications,
  ListOwnAuditEntries,
  ProveAuditEntry,
  ProveAuditExport,
  ReadAuditEntry,
  ReadAuditVerification,
  RequestAuditVerification,
} from './gateway.audit.api';
export { SendMail, SendMailToPerson } from './gateway.mails.api';
export { CreateProofChallenge } from './gateway.proof-of-work.api';
export { ReadSession, SignOut } from './gateway.session.api';
export { BeginSso, CompleteSso, EndSsoSessions, ListStaffSignInMethods } from './gateway.sso.api';
export { AppTokens, RefreshTokens, RevokeTokens } from './gateway.tokens.api';
export {
  ChangeWebhookEndpoint,
  ListWebhookDeliveries,
  ListWebhookEndpoints,
  ListWebhookTypes,
  OpenWebhookEndpoint,
  ReadWebhookDelivery,
  ReadWebhookEndpoint,
  RemoveWebhookEndpoint,
  ReplayWebhookDeliveries,
  ReplayWebhookDelivery,
  RotateWebhookSecret,
  SendWebhookDelivery,
  TestWebhookEndpoint,
} from './gateway.webhooks.api';
export {
  AcceptInvitation,
  BeginTotp,
  ChangePassword,
  ConfirmTotp,
  EditStaff,
  EndSessionOfStaff,
  EndSessionsOfStaff,
  EndStaffSession,
  GrantRoles,
  InviteStaff,
  ListKeysOfStaff,
  ListRoles,
  ListStaff,
  ListStaffSessions,
  ProveAgain,
  ReadAccount,
  ReadInvitation,
  ReadStaff,
  ReinviteStaff,
  RemoveStaff,
  RenewRecoveryCodes,
  ResumeStaff,
  SignInWithCode,
  SignInWithPassword,
  SuspendStaff,
} from './gateway.staff.api';
export {
  AddPasskey,
  BeginPasskey,
  BeginPasskeyProof,
  BeginPasskeySignIn,
  ListPasskeys,
  ProveWithPasskey,
  RemovePasskey,
  RenamePasskey,
  SignInWithPasskey,
} from './gateway.passkeys.api';
export {
  ApproveRequest,
  DemandApproval,
  ListApprovals,
  ListOwnApprovals,
  ReadApproval,
  RejectRequest,
  WithdrawRequest,
} from './gateway.approvals.api';
export { CreateApiKey, ListApiKeys, ReportApiKey, RevokeApiKey, RotateApiKey } from './gateway.keys.api';
export { type KnownProblem, problems, problemTexts } from './problems';
export { sharedProblems, type SharedProblemCode } from './shared.problems';
export { ReportBrowserError } from './gateway.browser-errors.api';

// Payments and access
export {
  AmountMinor,
  Currency,
  formatMoney,
  fractionDigitsOf,
  fromDecimal,
  MAX_AMOUNT,
  Money,
  toDecimal,
} from './money';
export {
  CatalogueCode,
  CampaignName,
  ByUse,
  FEATURES,
  FeatureName,
  GIGABYTE,
  LevelName,
  WantedRegion,
  Features,
  FeatureValue,
  PaymentMethod,
  PaymentProviderName,
  PlanPeriod,
  Price,
  SERVED_STATUSES,
  SubscriptionStatus,
} from './payments.shapes';
export * from './payments.events';
export * from './payments.shop.api';
export * from './payments.balances.api';
export * from './payments.entitlements.api';
export * from './payments.gifts.api';
export * from './payments.guests.api';
export * from './payments.mail-notices.api';
export * from './payments.partners.api';
export * from './segments';
export * from './bot-adapter.broadcasts.api';
export * from './payments.segments.api';
export * from './payments.campaigns.api';
export * from './payments.offers.api';
export * from './payments.referrals.api';
export * from './payments.terms.api';
export * from './vpn-provisioner.events';
export * from './vpn-provisioner.me.api';
export * from './vpn-provisioner.links.api';
export * from './vpn-provisioner.servers.api';
export * from './vpn-provisioner.migrations.api';
export * from './vpn-provisioner.accesses.api';
export * from './vpn-provisioner.usage.api';
export * from './vpn-provisioner.forecast.api';
export * from './vpn-provisioner.server-templates.api';
export * from './payments.notifications.api';
export * from './payments.catalogue.api';
export * from './payments.board.api';
export * from './payments.demo.api';
export * from './payments.orders.api';
export * from './payments.reconciliation.api';
export * from './payments.channel-payments.api';
export * from './bot-adapter.payments.api';
export * from './bot-adapter.connections.api';
export * from './bot-adapter.connections.shapes';
export * from './bot-adapter.public-files.api';
export * from './bot-adapter.channels.events';
export * from './chat-ai.desk.events';
export * from './chat-ai.desk.shapes';
export * from './chat-ai.desk-tools.api';
export * from './chat-ai.ticket-actions.api';
export * from './chat-ai.tickets.api';
export * from './gateway.backups.api';
export * from './payments.delivery-methods.api';
export * from './payments.goods.api';
export * from './payments.goods.events';
export * from './payments.goods-imports.api';
export * from './payments.goods.shapes';
export * from './payments.order-documents.api';
export * from './payments.returns.api';
export * from './payments.stock.api';
export * from './payments.store.api';
export * from './payments.store-orders.api';
export * from './service-kit.backups.api';
