// To define and run a service
export { defineApp, prefixOf, schemaOf, variablesOf, type AppDefinition } from './define-app';
export { runApp, runApps, startApps, type RunningApps } from './run-app';
export { CONFIG, ConfigError, flag, loadConfig, secret, sharedConfig, type Env } from './config';

// Within a feature
export { Clock } from './clock';
export { DomainError } from './errors';
export { type DataMap, type Erasure, kitDataMap, type TableMap } from './data-map';
export { FieldCipher } from './field-cipher';
export { PersonalData, type PersonalRow } from './personal-data';
export { asPerson, grantToPersons, type Owner, personalTable } from './row-security';
export { defineJob, Jobs, Runs, type JobDefinition, type JobOptions, type JobRun, type PayloadOf } from './jobs';
export { LOG, withoutTokens, type Log } from './log';
export {
  ThirdParty,
  ThirdPartyTimeout,
  ThirdPartyUnavailable,
  type CallOptions,
  type ThirdPartyOptions,
} from './third-party';
export { MEDIA_STORAGE } from './media';
export { StorageFull, type MediaStorage } from './storage/media-storage';

// Between services
export {
  AllowServices,
  ServiceGuard,
  ServiceIdentity,
  generateIdentityKeys,
  type IdentityKeys,
} from './service-identity';
export { ServiceAnswer, ServiceClient, type ServiceDirectory } from './service-client';

// For tests and tools
export { createDataSource, databaseAccess, openDatabase, type DatabaseAccess } from './database';
export { EventEncryption } from './event-encryption';
export { KeyRing } from './key-ring';
export { createLog } from './log';
export { Service, type Surroundings } from './service';
