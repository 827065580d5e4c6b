import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { optionalNetworkList } from './http/outbound-guard';

/** Injection token of a service's parsed variables: `@Inject(CONFIG) private readonly config: ChatAiConfig`. */
export const CONFIG = Symbol('config');

export type Env = Readonly<Record<string, string | undefined>>;

const PLACEHOLDER = /^(change[_-]?me|todo|xxx+|<.*>|your[_-].*)$/i;

/** A secret: refused when it is empty or still the placeholder of an example file. */
export const secret = (minLength = 1) =>
  z
    .string()
    .min(minLength, `must have at least ${minLength} characters`)
    .refine((value) => !PLACEHOLDER.test(value.trim()), 'is still a placeholder');

const KEY_BYTES = 32;
const isKey = (encoded: string) => Buffer.from(encoded, 'base64').length === KEY_BYTES;

/** Of `<id>:<32 bytes in base64>,…`, what is wrong. */
export function mistakeInKeys(keys: string): string | undefined {
  const ids = new Set<string>();
  for (const entry of keys.split(',')) {
    const [id = '', encoded = ''] = entry.trim().split(':');
    if (!/^[a-z0-9-]+$/i.test(id) || !isKey(encoded)) return 'each key is <id>:<32 bytes in base64>';
    if (ids.has(id)) return `the id "${id}" is given twice`;
    ids.add(id);
  }
  return undefined;
}

const encryptionKeys = () =>
  secret(8).superRefine((keys, ctx) => {
    const message = mistakeInKeys(keys);
    if (message) ctx.addIssue({ code: 'custom', message });
  });

/** `true`, `1`, `yes` and their opposites; anything else is a mistake. */
export const flag = () => z.stringbool();

/** Origins such as `https://app.example.com`, separated by commas. */
const origins = () =>
  z
    .string()
    .default('')
    .transform((list) => list.split(',').flatMap((origin) => origin.trim() || []))
    .pipe(z.array(z.url({ protocol: /^https?$/, error: 'is not an origin such as https://app.example.com' })));

type StorageVariable =
  'FOLDER' | `S3_${'BUCKET' | 'ENDPOINT' | 'REGION' | 'ACCESS_KEY_ID' | 'SECRET_ACCESS_KEY' | 'FORCE_PATH_STYLE'}`;

/** Where files of a kind are: a folder, or an S3-compatible bucket when one is named. See `storageConfigOf`. */
export const storageVariables = <const Prefix extends string>(prefix: Prefix, folder: z.ZodType, about: string) =>
  ({
    [`${prefix}_FOLDER`]: folder,
    [`${prefix}_S3_BUCKET`]: z.string().optional().describe(about),
    [`${prefix}_S3_ENDPOINT`]: z.url().optional(),
    [`${prefix}_S3_REGION`]: z.string().default('us-east-1'),
    [`${prefix}_S3_ACCESS_KEY_ID`]: z.string().optional(),
    [`${prefix}_S3_SECRET_ACCESS_KEY`]: secret().optional(),
    [`${prefix}_S3_FORCE_PATH_STYLE`]: flag().default(false),
  }) as Record<`${Prefix}_${StorageVariable}`, z.ZodType>;

/** What every service reads. */
export const sharedConfig = z.object({
  NODE_ENV: z.enum(['development', 'test', 'production']).default('development'),
  DATABASE_URL: z
    .url({ protocol: /^postgres(ql)?$/ })
    .optional()
    .describe('An administrator of the database: makes the role and the schema of each service at start.'),
  DATABASE_ROLE_SECRET: secret(16)
    .optional()
    .describe('The passwords of the roles are derived from it; needed with DATABASE_URL.'),
  DATABASE_POOL: z.coerce.number().int().min(2).max(200).default(10),
  BUS: z.enum(['memory', 'rabbit']).optional().describe('Default: rabbit when AMQP_URL is set, else memory.'),
  AMQP_URL: z.url({ protocol: /^amqps?$/ }).optional(),
  BOTS_FOLDER: z
    .string()
    .optional()
    .describe(
      'One JSON file for each bot, named after it. Without it there is the bot of TELEGRAM_BOT_TOKEN, beside those of the gateway.',
    ),
  TELEGRAM_BOT_TOKEN: secret()
    .optional()
    .describe(
      'Puts the first bot of the sandbox into the real Telegram. Every service reads it, to know that real people talk to it.',
    ),
  OUTBOUND_ALLOWED_NETWORKS: optionalNetworkList().describe(
    'Networks such as 10.1.0.0/16 in which servers that bots name may be, although they are not public or speak no https. Default: none; outside production the loopback.',
  ),
  HTTP_HOST: z.string().default('127.0.0.1'),
  HTTP_CORS_ORIGINS: origins().describe('Whose pages may call the services from a browser; nobody else by default.'),
  HTTP_FRAME_ANCESTORS: origins().describe('Who may show answers in a frame; nobody by default.'),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  LOG_FORMAT: z.enum(['json', 'pretty']).default('json'),
  ENCRYPTION_KEYS: encryptionKeys().describe(
    'Keys of personal data, newest first: <id>:<32 bytes in base64>, separated by commas.',
  ),
  LOOKUP_KEY: secret(8)
    .refine(isKey, 'must be 32 bytes in base64')
    .describe(
      'Hashes ids of channels and the like, so that they are found without being readable: 32 bytes in base64. Never changed.',
    ),
  SERVICE_PRIVATE_KEY: secret().optional().describe("This service's Ed25519 key as a JWK; not needed in one process."),
  SERVICE_PUBLIC_KEYS: z.string().optional().describe('The public keys of all services as a JWK set, `kid` = service.'),
  SENTRY_DSN: z
    .string()
    .regex(/^https?:\/\/\w+(:\w*)?@[^/]+\/(.*\/)?\d+$/, 'is no DSN such as https://<key>@<host>/<project>')
    .optional()
    .describe(
      'Where errors are told of: Sentry or whatever speaks its protocol, such as GlitchTip. No words of persons are.',
    ),
  CLOCK_AHEAD_SECONDS: z.coerce
    .number()
    .int()
    .default(0)
    .describe('For tests only: how far ahead the services take the time to be. What asks the database keeps its time.'),
  PERIODIC_TASKS_SPEED: z.coerce
    .number()
    .min(1)
    .default(1)
    .describe(
      'For tests only: how many times more often everything periodic is done. At 1000 an hour passes in 3.6 s.',
    ),
  ...storageVariables(
    'MEDIA',
    z.string().default('.switchboard/media'),
    'When set, files go to this bucket and not to the disk.',
  ),
  BACKUP_KEY: encryptionKeys()
    .optional()
    .describe(
      'Keys of backups, newest first, as those of ENCRYPTION_KEYS and none of them. Without one no backup is written.',
    ),
  ...storageVariables(
    'BACKUP',
    z.string().default('.switchboard/backups'),
    'When set, backups go to this bucket and not to the disk.',
  ),
  BACKUP_TRIAL_DATABASE_URL: z
    .url({ protocol: /^postgres(ql)?$/ })
    .optional()
    .describe(
      'An administrator of the server on which backups are restored to try them, in databases that are removed again. DATABASE_URL without it.',
    ),
});

export type SharedConfig = z.output<typeof sharedConfig>;

export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  /** One error that tells all of `mistakes`, each once; services of one process find many of them together. */
  static of(mistakes: readonly string[]): ConfigError {
    const all = [...new Set(mistakes)];
    const lines = all.map((mistake) => `  ${mistake}`).join('\n');
    return new ConfigError(`The configuration has ${all.length} mistake(s):\n${lines}`, all);
  }

  constructor(
    message: string,
    readonly mistakes: readonly string[] = [message],
  ) {
    super(message);
  }
}

/**
 * Parses variables, and tells all mistakes at once. `NAME_FILE` gives a variable by the file that holds it, as
 * mounted secrets do. An empty variable counts as not set.
 */
export function loadConfig<Schema extends z.ZodObject>(schema: Schema, env: Env): z.output<Schema> {
  const values: Record<string, string> = {};
  const mistakes: string[] = [];
  for (const name of Object.keys(schema.shape)) {
    const value = env[name];
    const file = env[`${name}_FILE`];
    if (value && file) mistakes.push(`${name}: is given twice, by itself and by ${name}_FILE`);
    if (value) values[name] = value;
    else if (file) {
      try {
        values[name] = readFileSync(file, 'utf8').trim();
      } catch (error) {
        mistakes.push(`${name}_FILE: ${(error as Error).message}`);
      }
    }
  }
  const parsed = schema.safeParse(values);
  if (!parsed.success) {
    for (const issue of parsed.error.issues) {
      const name = issue.path.join('.');
      mistakes.push(`${name}: ${issue.code === 'invalid_type' && !(name in values) ? 'is missing' : issue.message}`);
    }
  }
  if (!parsed.success || mistakes.length > 0) throw ConfigError.of(mistakes);
  return parsed.data;
}
