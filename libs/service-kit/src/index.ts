// To define and run a service
export { defineApp, prefixOf, schemaOf, variablesOf, type AppDefinition } from './define-app';
export { runApp, runApps, startApps, type RunningApps } from './run-app';
export {
  CONFIG,
  ConfigError,
  flag,
  loadConfig,
  secret,
  type SharedConfig,
  sharedConfig,
  storageVariables,
  type Env,
} from './config';

// Within a feature
export { type AuditAuthor, auditEntry } from './audit-entry';
export { mistakesIn as botMistakesIn } from './bot-description';
export { BotFieldError, type BotSource, type BotsSource, readSecret } from './bot-source';
export { BotsRegistry, type BotChange, type BotChangeListener } from './bots-registry';
export { BlindIndex } from './blind-index';
export { Clock } from './clock';
export { isDemo, refuseDemoInProduction } from './demo';
export { DomainError } from './errors';
export { type DataMap, type ErasureRule, kitDataMap, type TableMap } from './data-map';
export { type Entitled, Entitlements } from './entitlements';
export { Erasure, type ErasureStep } from './erasure';
export { PersonErasureModule } from './erasure.module';
export {
  armOf,
  type Arm,
  type Assignment,
  bucketOf,
  type Experiment,
  Experiments,
  EXPERIMENTS_STALE_MS,
} from './experiments';
export { FieldCipher } from './field-cipher';
export { inTrace, traceOfNow } from './kept-trace';
export { eachDue, type EachDueOptions } from './each-due';
export { type MonthlyPartition, MonthlyPartitions, startOfMonth } from './monthly-partitions';
export { persistently } from './persistently';
export { type Decrypter, type Digester, PersonalData, type PersonalRow } from './personal-data';
export { PersonErased, unlessErased, type WrappedKey, wrappedKeysOf } from './person-keys';
export { asActor, asPerson, grantToPersons, type Owner, personalTable } from './row-security';
export { defineJob, Jobs, Runs, type JobDefinition, type JobOptions, type JobRun, type PayloadOf } from './jobs';
export { Scheduled, Slot, type Schedule, type ScheduleOptions } from './scheduled.decorator';
export { Schedules } from './schedules';
export { intervalOf } from './scheduled.decorator';
export { type PeriodicTask, PeriodicTasks, type RunningTask } from '@switchboard/bus';
export { LeaderElection, LeadershipLost, type Lead, type Leadership } from './leader-election';
export { LOG, type Log } from './log';
export { BotServers } from './bot-servers';
export { isOpenAi, openAiClient } from './openai';
export { ModelServerError, wasNeverConnected, withoutWords } from './openai-errors';
export { withoutTokens } from './redaction';
export {
  ResiliencePolicy,
  UpstreamTimeout,
  UpstreamUnavailable,
  type CallOptions,
  type ResiliencePolicyOptions,
} from './resilience-policy';
export { type ModelInUse, ModelWatch } from './model-watch';
export { MEDIA_STORAGE } from './media';
export { MediaTooLarge, StorageFull, type MediaStorage } from './storage/media-storage';
export { FileDamaged, putFile, readFile, type StoredFile } from './storage/checked-files';

// Backups
export { backupPlace, BackupStore } from './backup/backup-store';
export { BackupUnreadable } from './backup/encrypted-file';
export { BackupManifest, StoredPart } from './backup/part-content';
export { DatabaseNotEmpty, partOf, requireEmpty, restorePart, type Restored } from './backup/restore-part';
export { backupsConfigOf, mediaConfigOf, storageConfigOf } from './media';
export { createStorage } from './storage/create-storage';

// HTTP
export {
  Implements,
  Public,
  type AnswerOf,
  type FileAnswer,
  type RequestOf,
  type ServerSentEvent,
  type UploadedFile,
} from './http/route.decorators';
export { type ApprovalDemand, Approvals, type ApprovalVerdict } from './http/approvals';
export { Cursors, type ListRequest, type Page, type Position, type SortKey } from './http/cursors';
export { problemDocument } from './http/problem.filter';
export {
  fieldErrorsOf,
  FieldRefused,
  HttpProblem,
  InvalidFields,
  type Language,
  MissingPermission,
} from './http/problems';
export { CircuitBreaker } from './circuit-breaker';
export { drain } from './http/drain';
export { presentCaller, type PublicFront } from './http/public-listener';
export { IfMatch } from './http/etag';
export { Idempotency } from './http/idempotency';
export { seesBot } from './http/read-request';
export { requestContext, type RequestContext } from './http/request-context';
export {
  isPublicAddress,
  networkList,
  type OutboundAnswer,
  OutboundError,
  type OutboundFailure,
  OutboundGuard,
  type OutboundRequest,
  type OutboundRules,
} from './http/outbound-guard';

// Between services
export type { FileToSend } from './http/multipart';
export {
  DownloadTooLarge,
  isProblem,
  ServiceClient,
  UpstreamHttpError,
  type Download,
  type ServiceDirectory,
} from './http/service-client';
export { ServiceIdentity, generateIdentityKeys, type IdentityKeys } from './http/service-identity';

// For tests and tools
export { BotsFolder, OnlyBot, readBotsFolder } from './bots-folder';
export { createDataSource, databaseAccess, openDatabase, type DatabaseAccess } from './database';
export { EventEncryption } from './event-encryption';
export { KeyRing } from './key-ring';
export { EXPOSED_HEADERS } from './http/http-edge';
export { ErrorReporter } from './error-reporter';
export { createLog } from './log';
export { BOTS_KEEPER, GatewayBotsModule } from './gateway-bots';
export { periodicTasksOf, schedulesOf } from './kit.module';
export { Service, type ServiceDependencies } from './service';
