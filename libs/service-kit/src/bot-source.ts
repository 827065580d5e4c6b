import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { BotState, LocalizedText } from '@switchboard/contracts';
import { ConfigError, type Env } from './config';

/** A bot as its source has it, before anything of it is checked. */
export interface BotSource {
  readonly id: string;
  /** For messages about it: the file's name. */
  readonly origin: string;
  /** Files and folders named in it are relative to this one. */
  readonly folder: string | undefined;
  /** Where the variables are that it names for secrets. */
  readonly env: Env;
  readonly content?: unknown;
  /** Why there is no content. */
  readonly mistake?: string;
  readonly revision: string;
  /** Of a bot that the gateway keeps. It goes before a file of the same id. */
  readonly kept?: Kept;
}

/** What the gateway keeps of a bot beside its description. */
export interface Kept {
  readonly state: BotState;
  /** By their names, as `channel.token`. */
  readonly secrets: Readonly<Record<string, string>>;
  /** The file that it was taken over from. */
  readonly takenFrom?: Readonly<Record<string, unknown>> | undefined;
}

/** Where descriptions of bots come from: a folder (`BotsFolder`), or the gateway (`GatewayBots`). */
export interface BotsSource {
  /** Throws when nothing can be read at all. */
  read(): BotSource[] | Promise<BotSource[]>;
  /**
   * Calls `changed` whenever `read` may give something new, until the returned function is called. It rejects when nothing could be
   * read.
   */
  follow(changed: () => Promise<void>): () => void | Promise<void>;
}

/** One field keeps a bot from working; a form shows it there. */
export class BotFieldError extends ConfigError {
  /** @param path as `channel.token` */
  constructor(
    readonly path: string,
    readonly detail: LocalizedText,
    readonly code = 'unusable',
  ) {
    super(`${path}: ${detail.en}`);
  }
}

/**
 * A secret that a section names: by `<name>Env` the variable that holds it, by `<name>File` the file; of a bot that the gateway
 * keeps, what it was given there. Undefined when there is none; throws a ConfigError when what is named is not there.
 */
export function readSecret(source: BotSource, section: string, name: string): string | undefined {
  const { id, content, env, folder = '.', kept } = source;
  // Whoever may edit a description must not be able to send the variables of this process anywhere.
  if (kept) return kept.secrets[`${section}.${name}`];
  const fields = fieldsAt(content, section);
  const field = (suffix: string) => {
    const value = fields[name + suffix];
    return typeof value === 'string' ? value : undefined;
  };
  const variable = field('Env');
  const file = field('File') ?? (variable && env[`${variable}_FILE`]);
  if (variable && env[variable]) return env[variable];
  if (file) {
    try {
      return readFileSync(resolve(folder, file), 'utf8').trim();
    } catch (error) {
      throw new ConfigError(`The bot "${id}" names a file for ${section}.${name}: ${(error as Error).message}`);
    }
  }
  if (variable) throw new ConfigError(`The bot "${id}" takes ${section}.${name} from ${variable}, which is not set`);
  return field('');
}

/**
 * A file or folder of this machine that a section names, made absolute. A bot that the gateway keeps may name those of the file that
 * it was taken over from, which whoever runs the machine has written. Throws a BotFieldError for any other.
 */
export function readPath({ content, folder, kept }: BotSource, section: string, name: string): string | undefined {
  const value = fieldsAt(content, section)[name];
  if (typeof value !== 'string') return undefined;
  if (kept && (folder === undefined || fieldsAt(kept.takenFrom, section)[name] !== value)) {
    throw new BotFieldError(`${section}.${name}`, {
      en: 'only a file that describes a bot may name files and folders of the machine',
      ru: 'указывать файлы и папки сервера может только файл с описанием бота',
    });
  }
  return resolve(folder ?? '.', value);
}

/** @param section with dots for what lies within it: `assistant.fallback` */
function fieldsAt(content: unknown, section: string): Readonly<Record<string, unknown>> {
  const at = (fields: unknown, part: string) => (fields as Record<string, unknown> | null | undefined)?.[part];
  const fields = section.split('.').reduce(at, content);
  return typeof fields === 'object' && fields !== null ? (fields as Record<string, unknown>) : {};
}
