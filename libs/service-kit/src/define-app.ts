import type { Type } from '@nestjs/common';
import type { PeriodicTask } from '@switchboard/bus';
import type { MigrationInterface } from 'typeorm';
import { z } from 'zod';
import type { DataMap } from './data-map';
import type { PublicFront } from './http/public-listener';
import type { EncryptedPlace } from './key-rotation';

/** Everything needed to run one service, alone or beside others in one process. */
export interface AppDefinition<Config extends z.ZodObject = z.ZodObject> {
  /** `chat-ai`: names its queues, its schema (`chat_ai`) and its variables (`CHAT_AI_…`). */
  readonly name: string;
  readonly module: Type;
  /** Schema of the variables that only this service reads. */
  readonly config: Config;
  readonly entities: Type[];
  readonly migrations: Type<MigrationInterface>[];
  /** What its tables hold of whom, why, how long, and what erasure does. */
  readonly dataMap?: DataMap;
  /** Columns that FieldCipher encrypts, as `table.column`; they are written anew when keys are rotated. */
  readonly encrypted?: readonly EncryptedPlace[];
  /** The sections of a bot's description that this service reads (`BotsRegistry.section`), by name. */
  readonly botSections?: Readonly<Record<string, z.ZodType>>;
  /** What its processes do again and again (`PeriodicTasks`), besides what all services do. */
  readonly tasks?: readonly PeriodicTask[];
  /** A provider of its module that stands before everything on the public listener. */
  readonly publicFront?: Type<PublicFront>;
  /** What is special about its part of a backup. */
  readonly backup?: {
    /** Beginnings of keys in its storage that are not copied. */
    readonly withoutFiles?: readonly string[];
    /** Statements that a restored database needs before the service starts on it. */
    readonly afterRestore?: readonly string[];
  };
  /** The port of its private HTTP server unless `<SERVICE>_PORT` says otherwise. */
  readonly port: number;
  /** Of a second listener for the outside, unless `<SERVICE>_PUBLIC_PORT` says otherwise; none without both. */
  readonly publicPort?: number;
}

export function defineApp<Config extends z.ZodObject>(definition: AppDefinition<Config>): AppDefinition<Config> {
  return definition;
}

/** `chat-ai` → `chat_ai` */
export const schemaOf = (service: string) => service.replaceAll('-', '_');
/** `chat-ai` → `CHAT_AI` */
export const prefixOf = (service: string) => schemaOf(service).toUpperCase();

const JOB_CONCURRENCY = 10;

function publicPort({ publicPort: usual, publicFront }: AppDefinition): z.ZodType {
  const port = z.coerce.number().int().min(0).max(65_535);
  const purpose = publicFront
    ? 'Its listener for the outside, through which the routes of all services are reached.'
    : 'A second listener for the outside, which serves public routes and webhooks only.';
  return (usual === undefined ? port.optional() : port.default(usual)).describe(purpose);
}

/** The variables of one service: those every service has under its own prefix, and those of its own. */
export function variablesOf(app: AppDefinition): z.ZodObject {
  const prefix = prefixOf(app.name);
  return z
    .object({
      [`${prefix}_PORT`]: z.coerce.number().int().min(0).max(65_535).default(app.port),
      [`${prefix}_PUBLIC_PORT`]: publicPort(app),
      [`${prefix}_DATABASE_URL`]: z
        .url({ protocol: /^postgres(ql)?$/ })
        .optional()
        .describe('Of a role and schemas that exist already.'),
      [`${prefix}_JOB_CONCURRENCY`]: z.coerce.number().int().min(1).max(200).default(JOB_CONCURRENCY),
    })
    .extend(app.config.shape);
}
