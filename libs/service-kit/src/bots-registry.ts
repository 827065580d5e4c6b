import { type Bot, BotDescription, BotId } from '@switchboard/contracts';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Counter, Gauge, type Registry } from 'prom-client';
import { z } from 'zod';
import { ConfigError, type Env } from './config';
import type { Log } from './log';

/** A bot as its source has it, before anything of it is checked. */
export interface BotSource {
  readonly id: string;
  /** For messages about it: the file's name. */
  readonly origin: string;
  /** Files and folders named in it are relative to this one. */
  readonly folder: string;
  /** Where the variables are that it names for secrets. */
  readonly env: Env;
  readonly content?: unknown;
  /** Why there is no content. */
  readonly mistake?: string;
  readonly revision: string;
}

/** Where descriptions of bots come from: a folder (`BotsFolder`), or whoever keeps them. */
export interface BotsSource {
  /** Throws when nothing can be read at all. */
  read(): BotSource[] | Promise<BotSource[]>;
  /**
   * Calls `changed` whenever `read` may give something new, until the returned function is called. It rejects when nothing could be
   * read.
   */
  follow(changed: () => Promise<void>): () => void;
}

/** `before` is absent for a new bot, `after` for one that is gone. */
export interface BotChange {
  readonly id: string;
  readonly before: Bot | undefined;
  readonly after: Bot | undefined;
}
export type BotChangeListener = (change: BotChange) => void | Promise<void>;
/** Throws when a bot cannot work as it is described; for what only who uses the description can tell, such as a token's form. */
export type BotCheck = (bot: Bot) => void;

export interface BotsRegistryOptions {
  source: BotsSource;
  /** The sections that this service reads, by name: a bot is taken over only when they can be read, too. */
  sections?: Readonly<Record<string, z.ZodType>>;
  registry: Registry;
  log: Log;
}

interface Known {
  readonly bot: Bot;
  readonly source: BotSource;
  readonly sections: ReadonlyMap<string, unknown>;
}

/**
 * The bots of this installation. They are read at start and followed from then on: a description that cannot be read or used
 * leaves the bot as it was (at the start: out), with an error in the log and in `bot_descriptions_broken`, and is looked at again
 * at each reading.
 */
export class BotsRegistry {
  private known: ReadonlyMap<string, Known> = new Map();
  private mistakes: ReadonlyMap<string, readonly string[]> = new Map();
  /** Ids of bots that are described and cannot work, and never could since the start. */
  private leftOut: ReadonlySet<string> = new Set();
  private readonly checks: BotCheck[] = [];
  /** With the bots whose last change a listener could not carry out, as it knows them. */
  private readonly listeners = new Map<BotChangeListener, Map<string, Bot | undefined>>();
  private reading: Promise<void> = Promise.resolve();
  private unfollow: (() => void) | undefined;
  private readonly broken: Gauge;
  private readonly rejected: Counter<'bot'>;

  private constructor(private readonly options: BotsRegistryOptions) {
    const registers = [options.registry];
    this.broken = new Gauge({
      name: 'bot_descriptions_broken',
      help: 'Bots whose present description cannot be used, or is not yet everywhere; they go on with the last good one.',
      registers,
    });
    this.rejected = new Counter({
      name: 'bot_descriptions_rejected_total',
      help: 'Descriptions of bots that were read and could not be used.',
      labelNames: ['bot'],
      registers,
    });
  }

  /** A bot whose description has mistakes keeps no other from its work: throws a ConfigError with all mistakes when none can. */
  static async open(options: BotsRegistryOptions): Promise<BotsRegistry> {
    const bots = new BotsRegistry(options);
    const { known, mistakes, leftOut } = await bots.readAll().catch((error: unknown) => {
      throw new ConfigError(`The bots cannot be read: ${(error as Error).message}`);
    });
    if (known.size === 0 && mistakes.size > 0) throw ConfigError.of([...mistakes.values()].flat());
    for (const [origin, found] of mistakes) bots.reject(origin, found, 'a bot has mistakes, and is left out');
    bots.known = known;
    bots.mistakes = mistakes;
    bots.leftOut = leftOut;
    bots.count();
    return bots;
  }

  find(id: string): Bot | undefined {
    return this.known.get(id)?.bot;
  }

  /** Whether there is a description of this bot that cannot be used, and no earlier one that could. */
  isLeftOut(id: string): boolean {
    return this.leftOut.has(id);
  }

  all(): Bot[] {
    return [...this.known.values()].map(({ bot }) => bot);
  }

  /**
   * One section of a bot's description, parsed by the schema that the service gave in its definition (`botSections`);
   * undefined for a bot that is not known or has no such section and the schema gives no default.
   */
  section<Schema extends z.ZodType>(id: string, name: string, schema: Schema): z.output<Schema> | undefined {
    if (this.options.sections?.[name] !== schema) {
      throw new Error(`The section "${name}" is not among the botSections of this service, or not with this schema`);
    }
    return this.known.get(id)?.sections.get(name) as z.output<Schema> | undefined;
  }

  /** From now on a description is taken over only when `check`, too, has nothing against it. It may ask the registry about the bot. */
  addCheck(check: BotCheck): void {
    this.checks.push(check);
  }

  /** For a bot that was taken over at the start and cannot work: it is unknown until a later reading finds nothing against it. */
  exclude(id: string, error: unknown): void {
    const excluded = this.known.get(id);
    if (!excluded) return;
    const { origin } = excluded.source;
    this.known = new Map([...this.known].filter(([known]) => known !== id));
    this.leftOut = new Set([...this.leftOut, id]);
    const mistakes = mistakesIn(error).map((mistake) => `bot ${origin}: ${mistake}`);
    this.reject(origin, mistakes, 'a bot cannot work as it is described, and is left out');
    this.mistakes = new Map([...this.mistakes, [origin, mistakes]]);
    this.count();
  }

  /**
   * Called after each change, one at a time; again at each reading when it has failed, until it succeeds. Returns how to stop
   * listening.
   */
  onChange(listener: BotChangeListener): () => void {
    this.listeners.set(listener, new Map());
    return () => this.listeners.delete(listener);
  }

  /**
   * A secret that a section names: by `<name>Env` the variable that holds it, by `<name>File` the file.
   * Undefined when it names neither; throws a ConfigError when what is named is not there.
   * @param section with dots for what lies within it: `assistant.fallback`
   */
  secret(id: string, section: string, name: string): string | undefined {
    const source = this.known.get(id)?.source;
    return source && readSecret(source, section, name);
  }

  /** A path of a bot's description, made absolute. */
  path(id: string, relative: string): string {
    return resolve(this.known.get(id)?.source.folder ?? '.', relative);
  }

  /** Begins to follow changes. */
  follow(): void {
    this.unfollow = this.options.source.follow(() => this.refresh());
  }

  async close(): Promise<void> {
    this.unfollow?.();
    this.listeners.clear();
    await this.reading;
  }

  /** Reads everything again; resolves when every listener has heard of what has changed, and rejects when nothing can be read. */
  refresh(): Promise<void> {
    const taken = this.reading.then(() => this.takeOver());
    this.reading = taken.catch(() => undefined);
    return taken;
  }

  private async takeOver(): Promise<void> {
    const { log } = this.options;
    const read = await this.readAll();
    for (const [origin, mistakes] of read.mistakes) {
      const isTold = mistakes.join() === this.mistakes.get(origin)?.join();
      if (!isTold) this.reject(origin, mistakes, 'the description of a bot has mistakes, its last good one stays');
    }
    this.mistakes = read.mistakes;
    this.leftOut = read.leftOut;
    const former = this.known;
    this.known = read.known;
    this.count();
    for (const id of new Set([...former.keys(), ...read.known.keys(), ...this.behind()])) {
      const [before, after] = [former.get(id)?.bot, read.known.get(id)?.bot];
      const isChanged = before?.revision !== after?.revision;
      if (isChanged)
        log.info({ bot: id, revision: after?.revision }, after ? 'bot description changed' : 'bot removed');
      for (const [listener, behind] of this.listeners) {
        if (!isChanged && !behind.has(id)) continue;
        const change = { id, before: behind.has(id) ? behind.get(id) : before, after };
        try {
          await listener(change);
          behind.delete(id);
        } catch (error) {
          behind.set(id, change.before);
          log.error({ err: error, bot: id }, 'a change of a bot was not carried out everywhere; trying again');
        }
      }
    }
    this.count();
  }

  private reject(origin: string, mistakes: readonly string[], message: string): void {
    this.rejected.inc({ bot: origin });
    this.options.log.error({ bot: origin, mistakes }, message);
  }

  /** The bots that not every listener knows as they are. */
  private behind(): Set<string> {
    return new Set([...this.listeners.values()].flatMap((behind) => [...behind.keys()]));
  }

  private count(): void {
    this.broken.set(this.mistakes.size + this.behind().size);
  }

  /** What is good now, with the last good description of what is not. */
  private async readAll(): Promise<{
    known: Map<string, Known>;
    mistakes: Map<string, string[]>;
    leftOut: Set<string>;
  }> {
    const mistakes = new Map<string, string[]>();
    const leftOut = new Set<string>();
    const candidates = new Map<string, Known>();
    const reject = (source: BotSource, found: string[]) => {
      mistakes.set(source.origin, [
        ...(mistakes.get(source.origin) ?? []),
        ...found.map((mistake) => `bot ${source.origin}: ${mistake}`),
      ]);
      const lastGood = this.known.get(source.id);
      if (lastGood) candidates.set(source.id, lastGood);
      else {
        candidates.delete(source.id);
        leftOut.add(source.id);
      }
    };
    const sources = await this.options.source.read();
    for (const source of sources) {
      const found = this.check(source, sources);
      if (Array.isArray(found)) reject(source, found);
      else candidates.set(source.id, found);
    }
    // Those that are as they were keep their token; a change that would share it is refused. Each round refuses at
    // least one change, and its bot's last good description may clash in turn.
    for (;;) {
      const changed = [...candidates.values()].filter(
        ({ bot, source }) => this.known.get(source.id)?.bot.revision !== bot.revision,
      );
      const clash = changed.flatMap(({ source }) => {
        const other = [...candidates.values()].find((known) => known.source !== source && shareToken(known, source));
        return other ? [{ source, other: other.source.origin }] : [];
      });
      if (clash.length === 0) break;
      for (const { source, other } of clash) reject(source, [`channel has the same token as ${other}`]);
    }
    return { known: new Map([...candidates].sort(([a], [b]) => (a < b ? -1 : 1))), mistakes, leftOut };
  }

  private check(source: BotSource, all: readonly BotSource[]): Known | string[] {
    const { id, content, mistake } = source;
    if (mistake !== undefined) return [mistake];
    const twin = all.find((other) => other.id !== id && other.id.toLowerCase() === id.toLowerCase());
    const name = BotId.safeParse(id);
    const description = BotDescription.safeParse(content);
    const found = [
      ...(twin && !name.success
        ? [`differs from ${twin.origin} only by capital letters`]
        : mistakesOf(name, 'the name')),
      ...mistakesOf(description),
      ...secretsIn(content),
    ];
    const sections = new Map<string, unknown>();
    for (const [section, schema] of Object.entries(this.options.sections ?? {})) {
      const written = (content as Record<string, unknown> | null)?.[section];
      const parsed = schema.safeParse(written);
      if (parsed.success) sections.set(section, parsed.data);
      else if (written !== undefined) found.push(...mistakesOf(parsed, section));
    }
    if (!description.success || found.length > 0) return found;
    const candidate = { bot: { ...description.data, id, revision: source.revision }, source, sections };
    const isInUse = this.known.get(id)?.bot.revision === source.revision;
    const refused = isInUse ? [] : this.refusals(candidate);
    return refused.length > 0 ? refused : candidate;
  }

  /** The candidate takes its place for the checks alone, which ask the registry for its sections and secrets. */
  private refusals(candidate: Known): string[] {
    const inUse = this.known;
    this.known = new Map(inUse).set(candidate.bot.id, candidate);
    try {
      for (const check of this.checks) check(candidate.bot);
      return [];
    } catch (error) {
      return mistakesIn(error);
    } finally {
      this.known = inUse;
    }
  }
}

const mistakesIn = (error: unknown): string[] =>
  error instanceof ConfigError ? [...error.mistakes] : [(error as Error).message];

function mistakesOf(parsed: z.ZodSafeParseResult<unknown>, at = ''): string[] {
  if (parsed.success) return [];
  return parsed.error.issues.map(({ path, message }) => {
    const where = [...(at ? [at] : []), ...path.map(String)].join('.');
    return where ? `${where}: ${message}` : message;
  });
}

const SECRET_FIELD = /^(token|apiKey|secret|password)$|(Token|ApiKey|Secret|Password)$/;

/** Fields that would hold a secret in plain; descriptions are read by many and end in repositories. */
function secretsIn(content: unknown, path: string[] = []): string[] {
  if (typeof content !== 'object' || content === null) return [];
  return Object.entries(content).flatMap(([field, value]) => {
    const where = [...path, field];
    if (typeof value !== 'string' || !SECRET_FIELD.test(field)) return secretsIn(value, where);
    // The sandbox's tokens open nothing.
    if ((content as { apiRoot?: unknown }).apiRoot === 'sandbox') return [];
    return [
      `${where.join('.')}: a secret does not belong here, name its variable by ${field}Env or its file by ${field}File`,
    ];
  });
}

/** As `BotsRegistry.secret`, of a bot that no registry knows. */
export function readSecret({ id, content, env, folder }: BotSource, section: string, name: string): string | undefined {
  const fields = section
    .split('.')
    .reduce<Record<string, unknown>>(
      (at, part) => (at[part] ?? {}) as Record<string, unknown>,
      content as Record<string, unknown>,
    );
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

/** Two readers of one token would take each other's messages away. */
function shareToken(known: Known, source: BotSource): boolean {
  const tokens = [known.source, source].map(tokenOf);
  return tokens[0] !== undefined && tokens[0] === tokens[1];
}

/** Not every service is given every token; then the name of its variable has to do. */
function tokenOf(source: BotSource): string | undefined {
  try {
    return readSecret(source, 'channel', 'token');
  } catch {
    const { channel } = source.content as { channel?: { tokenEnv?: string; tokenFile?: string } };
    return channel?.tokenEnv ?? channel?.tokenFile;
  }
}
