import { type Bot, CHANNEL_TOKEN, type FieldError, livesInSandbox } from '@switchboard/contracts';
import { Counter, Gauge, type Registry } from 'prom-client';
import type { z } from 'zod';
import { type BotSections, inWords, mistakesIn, pointerOf, readDescription } from './bot-description';
import type { BotServers } from './bot-servers';
import { type BotSource, type BotsSource, type Kept, readPath, readSecret } from './bot-source';
import { ConfigError } from './config';
import type { Log } from './log';

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
  sources: readonly BotsSource[];
  /** The sections that this service reads: a bot is taken over only when they can be read, too. */
  sections?: BotSections | undefined;
  /** True while some of them cannot be read yet: `reopen` follows. */
  moreToCome?: boolean;
  registry: Registry;
  log: Log;
}

interface Known {
  readonly bot: Bot;
  readonly source: BotSource;
  readonly sections: ReadonlyMap<string, unknown>;
}

interface Reading {
  readonly known: Map<string, Known>;
  /** By origin. */
  readonly mistakes: Map<string, string[]>;
  readonly leftOut: Set<string>;
  /** Why the last reading of a source holds. */
  readonly failure: unknown;
}

const LEFT_OUT = 'a bot has mistakes in its description, and is left out';

/** A description that is looked at for its mistakes only. */
export interface BotDraft {
  readonly id: string;
  readonly description: Readonly<Record<string, unknown>>;
  readonly secrets: Kept['secrets'];
  readonly takenFrom?: Kept['takenFrom'];
}

/**
 * The bots of this installation: of files, and those that the gateway keeps. They are read at start and followed from then on: a
 * description that cannot be read or used leaves the bot as it was (at the start: out), with an error in the log and in
 * `bot_descriptions_broken`, and is looked at again at each reading.
 */
export class BotsRegistry {
  private known: ReadonlyMap<string, Known> = new Map();
  private mistakes: ReadonlyMap<string, readonly string[]> = new Map();
  /** What each source said last, which holds while it cannot be read. */
  private readonly readings = new Map<BotsSource, readonly BotSource[]>();
  /** Ids of bots that are described and cannot work, and never could since the start. */
  private leftOut: ReadonlySet<string> = new Set();
  private readonly checks: BotCheck[] = [];
  private readonly servers: { readonly servers: BotServers; readonly path: string }[] = [];
  /** With the bots whose last change a listener could not carry out, as it knows them. */
  private readonly listeners = new Map<BotChangeListener, Map<string, Bot | undefined>>();
  private reading: Promise<void> = Promise.resolve();
  private unfollow: (() => void | Promise<void>)[] = [];
  /** The files that are passed over, as was said already. */
  private hidden: ReadonlySet<string> = new Set();
  /** The secrets that a draft could use. */
  private asked: Set<string> | undefined;
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
    if (!options.moreToCome) bots.requireSome(known, mistakes);
    bots.tell(mistakes, LEFT_OUT);
    bots.known = known;
    bots.leftOut = leftOut;
    bots.count();
    return bots;
  }

  /** Begins anew when further sources have become readable; before anybody has asked for a bot. Throws as `open`. */
  async reopen(): Promise<void> {
    this.known = new Map();
    const { known, mistakes, leftOut } = await this.readAll();
    this.requireSome(known, mistakes);
    this.tell(mistakes, LEFT_OUT);
    this.known = known;
    this.leftOut = leftOut;
    this.count();
  }

  /** Whoever may change bots in the gateway must not be able to end a start; whoever writes files wants to know at once. */
  private requireSome(known: ReadonlyMap<string, Known>, mistakes: ReadonlyMap<string, readonly string[]>): void {
    const isFilesOnly = [...this.readings.values()].flat().every(({ kept }) => !kept);
    if (!isFilesOnly || known.size > 0 || mistakes.size === 0) return;
    throw ConfigError.of([...mistakes].flatMap(([origin, found]) => found.map((one) => `bot ${origin}: ${one}`)));
  }

  /** Undefined for one that is archived, too. */
  find(id: string): Bot | undefined {
    const known = this.known.get(id);
    return known && !isArchived(known) ? known.bot : undefined;
  }

  /** Whether there is a description of this bot that cannot be used, and no earlier one that could. */
  isLeftOut(id: string): boolean {
    return this.leftOut.has(id);
  }

  all(): Bot[] {
    return [...this.known.values()].filter((known) => !isArchived(known)).map(({ bot }) => bot);
  }

  /** For what has to be undone of a bot that was archived. Its sections and secrets can be asked for. */
  archived(id: string): Bot | undefined {
    const known = this.known.get(id);
    return known && isArchived(known) ? known.bot : undefined;
  }

  /** The home bot of the shop to which an account belongs; the bot itself when it is alone, or not known. */
  brandOf(id: string): string {
    return this.known.get(id)?.bot.brand ?? id;
  }

  /** The accounts of a shop, with its home bot. */
  accountsOf(brandId: string): Bot[] {
    return this.all().filter((bot) => brandIn(bot) === brandId);
  }

  isKeptByGateway(id: string): boolean {
    return this.known.get(id)?.source.kept !== undefined;
  }

  /** What was read last, whatever came of it. */
  described(): { source: BotSource; mistakes: readonly string[] }[] {
    const sources = [...this.readings.values()].flat();
    return sources.map((source) => ({ source, mistakes: this.mistakes.get(source.origin) ?? [] }));
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

  /**
   * Servers that descriptions name at these paths, as `assistant.baseUrl`, are looked up before somebody saves them. What can be said
   * of an address without asking is for a check to say.
   */
  addServers(servers: BotServers, paths: readonly string[]): void {
    for (const path of paths) this.servers.push({ servers, path });
  }

  /** What keeps servers from being asked that a description names. */
  async mistakesInServers(description: BotDraft['description']): Promise<FieldError[]> {
    const found = this.servers.map(async ({ servers, path }) => {
      const address = path.split('.').reduce<unknown>(fieldOf, description);
      return typeof address === 'string' ? servers.mistakesIn(path, address) : [];
    });
    return (await Promise.all(found)).flat();
  }

  /** For a bot that was taken over at the start and cannot work: it is unknown until a later reading finds nothing against it. */
  exclude(id: string, error: unknown): void {
    const excluded = this.known.get(id);
    if (!excluded) return;
    const { origin } = excluded.source;
    this.known = new Map([...this.known].filter(([known]) => known !== id));
    this.leftOut = new Set([...this.leftOut, id]);
    const mistakes = mistakesIn(error).map(inWords);
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
   * A secret of a section: of a file the one that it names by `<name>Env` or `<name>File`, else the one that the gateway was given.
   * Undefined when there is none; throws a ConfigError when what is named is not there.
   * @param section with dots for what lies within it: `assistant.fallback`
   */
  secret(id: string, section: string, name: string): string | undefined {
    this.asked?.add(`${section}.${name}`);
    const source = this.known.get(id)?.source;
    return source && readSecret(source, section, name);
  }

  /**
   * A file or folder that a section names, made absolute. Throws a BotFieldError when the gateway keeps the bot and no file has
   * named it before.
   */
  path(id: string, section: string, name: string): string | undefined {
    const source = this.known.get(id)?.source;
    return source && readPath(source, section, name);
  }

  /** What is wrong with a bot that the gateway would keep, and which secrets it could use. Nothing is taken over. */
  examine({ id, description, secrets, takenFrom }: BotDraft): {
    sections: string[];
    secrets: string[];
    errors: FieldError[];
  } {
    const source: BotSource = {
      id,
      origin: id,
      folder: [...this.readings.values()].flat().find(({ folder }) => folder)?.folder,
      env: {},
      content: description,
      revision: '',
      kept: { state: 'active', secrets, takenFrom },
    };
    this.asked = new Set();
    try {
      const read = this.check(source, [source]);
      const errors = Array.isArray(read) ? read : this.clashesOf(read);
      return { sections: Object.keys(this.options.sections ?? {}), secrets: [...this.asked], errors };
    } finally {
      this.asked = undefined;
    }
  }

  /** Begins to follow changes. */
  follow(): void {
    this.unfollow = this.options.sources.map((source) => source.follow(() => this.refresh()));
  }

  async close(): Promise<void> {
    await Promise.all(this.unfollow.map((unfollow) => unfollow()));
    this.listeners.clear();
    await this.reading;
  }

  /**
   * Reads everything again; resolves when every listener has heard of what has changed, and rejects when a source could not be read:
   * what it said last holds.
   */
  refresh(): Promise<void> {
    const taken = this.reading.then(() => this.takeOver());
    this.reading = taken.catch(() => undefined);
    return taken;
  }

  private async takeOver(): Promise<void> {
    const { log } = this.options;
    const read = await this.readAll();
    this.tell(read.mistakes, 'the description of a bot has mistakes, its last good one stays');
    this.leftOut = read.leftOut;
    const former = new Map([...this.known].filter(([, known]) => !isArchived(known)));
    this.known = read.known;
    this.count();
    for (const id of new Set([...former.keys(), ...read.known.keys(), ...this.behind()])) {
      const [before, after] = [former.get(id)?.bot, this.find(id)];
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
    if (read.failure !== undefined) throw read.failure;
  }

  private tell(mistakes: ReadonlyMap<string, readonly string[]>, message: string): void {
    for (const [origin, found] of mistakes) {
      const isTold = found.join() === this.mistakes.get(origin)?.join();
      if (!isTold) this.reject(origin, found, message);
    }
    this.mistakes = mistakes;
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

  /** Throws when a source that was never read cannot be read; for any other `failure` says why its last reading holds. */
  private async readSources(): Promise<{ sources: BotSource[]; failure?: unknown }> {
    let failure: unknown;
    for (const source of this.options.sources) {
      try {
        this.readings.set(source, await source.read());
      } catch (error) {
        if (!this.readings.has(source)) throw error;
        failure = error;
      }
    }
    const all = this.options.sources.flatMap((source) => this.readings.get(source) ?? []);
    const kept = new Set(all.filter((source) => source.kept).map(({ id }) => id));
    const hidden = new Set(all.filter((source) => !source.kept && kept.has(source.id)).map(({ origin }) => origin));
    for (const origin of hidden) {
      if (!this.hidden.has(origin))
        this.options.log.warn({ bot: origin }, 'a file describes a bot that the gateway keeps, and is passed over');
    }
    this.hidden = hidden;
    return { sources: all.filter(({ kept, origin }) => kept || !hidden.has(origin)), failure };
  }

  /** What is good now, with the last good description of what is not. */
  private async readAll(): Promise<Reading> {
    const { sources, failure } = await this.readSources();
    const mistakes = new Map<string, string[]>();
    const leftOut = new Set<string>();
    const candidates = new Map<string, Known>();
    const reject = (source: BotSource, found: readonly FieldError[]) => {
      const lastGood = this.known.get(source.id);
      if (source.kept?.state === 'archived') {
        // It does nothing, whatever is wrong with it.
        candidates.delete(source.id);
        return;
      }
      mistakes.set(source.origin, [...(mistakes.get(source.origin) ?? []), ...found.map(inWords)]);
      if (lastGood && !isArchived(lastGood)) candidates.set(source.id, inStateOf(source, lastGood));
      else {
        candidates.delete(source.id);
        leftOut.add(source.id);
      }
    };
    for (const source of sources) {
      const found = this.check(source, sources);
      if (Array.isArray(found)) reject(source, found);
      else candidates.set(source.id, found);
    }
    // Those that are as they were keep their token; a change that would share it is refused. Each round refuses at
    // least one change, and its bot's last good description may clash in turn.
    for (;;) {
      const changed = [...candidates.values()].filter(
        ({ source }) => this.known.get(source.id)?.source.revision !== source.revision,
      );
      const clash = changed.flatMap(({ source }) => {
        const other = [...candidates.values()].find(
          (known) =>
            known.source !== source &&
            shareToken(known.source, source) &&
            // One that the gateway keeps was held against the files when it was saved: the file came later.
            !(source.kept && !known.source.kept && changed.includes(known)),
        );
        return other ? [{ source, found: sharedToken(other.source.origin) }] : [];
      });
      const inUse = [...candidates.values()].filter((known) => !isArchived(known)).map(({ bot }) => bot);
      // Of two that come at once it is the mistake of the account, not of its home.
      const settled = inUse.filter(({ id }) => !changed.some(({ bot }) => bot.id === id));
      const misplaced = changed.flatMap(({ source, bot }) => {
        const found = isArchived({ source }) ? undefined : mistakeInBrand(bot, inUse, settled);
        return found ? [{ source, found }] : [];
      });
      const refused = clash.length > 0 ? clash : misplaced;
      if (refused.length === 0) break;
      for (const { source, found } of refused) reject(source, [found]);
    }
    const known = new Map([...candidates].sort(([a], [b]) => (a < b ? -1 : 1)));
    return { known, mistakes, leftOut, failure };
  }

  private check(source: BotSource, all: readonly BotSource[]): Known | FieldError[] {
    const inUse = this.known.get(source.id);
    // One that was taken over needs no second look.
    if (source.revision && inUse?.source.revision === source.revision) return { ...inUse, source };
    const read = readDescription(source, all, this.options.sections);
    if (Array.isArray(read)) return read;
    const { id, revision, kept } = source;
    const bot: Bot = { ...read.description, id, revision, isPaused: kept?.state === 'paused' };
    const candidate = { bot, source, sections: read.sections };
    const refused = isArchived(candidate) ? [] : this.refusals(candidate);
    return refused.length > 0 ? refused : candidate;
  }

  /** The candidate takes its place for the checks alone, which ask the registry for its sections and secrets. */
  private refusals(candidate: Known): FieldError[] {
    const inUse = this.known;
    this.known = new Map(inUse).set(candidate.bot.id, candidate);
    try {
      return this.checks.flatMap((check) => {
        try {
          check(candidate.bot);
          return [];
        } catch (error) {
          return mistakesIn(error);
        }
      });
    } finally {
      this.known = inUse;
    }
  }

  private clashesOf({ source, bot }: Known): FieldError[] {
    const others = [...this.known.values()].filter(({ bot: { id } }) => id !== bot.id);
    const other = others.find((known) => shareToken(known.source, source));
    const inUse = this.all().filter(({ id }) => id !== bot.id);
    const misplaced = mistakeInBrand(bot, [bot, ...inUse], inUse);
    return [...(other ? [sharedToken(other.source.origin)] : []), ...(misplaced ? [misplaced] : [])];
  }
}

const fieldOf = (fields: unknown, name: string): unknown =>
  (fields as Record<string, unknown> | null | undefined)?.[name];

const isArchived = ({ source }: Pick<Known, 'source'>) => source.kept?.state === 'archived';

/** A bot whose new description cannot be used is paused and resumed as it is asked to be all the same. */
function inStateOf({ kept }: BotSource, lastGood: Known): Known {
  const isPaused = kept?.state === 'paused';
  const { bot } = lastGood;
  if (isPaused === bot.isPaused) return lastGood;
  return { ...lastGood, bot: { ...bot, isPaused, revision: `${lastGood.source.revision}:${kept?.state}` } };
}

const sharedToken = (other: string): FieldError => ({
  pointer: pointerOf(CHANNEL_TOKEN),
  code: 'token_in_use',
  params: { bot: other },
  detail: { en: `has the same token as ${other}`, ru: `тот же токен, что у ${other}` },
});

const brandIn = ({ id, brand }: Bot) => brand ?? id;

/**
 * A shop has one home, so that whatever is its own has one place. Where some of its accounts were in the sandbox alone, pretended
 * models and payments would meet people who are not.
 * @param settled those whose descriptions are taken over already
 */
function mistakeInBrand(bot: Bot, all: readonly Bot[], settled: readonly Bot[]): FieldError | undefined {
  const brand = brandIn(bot);
  const home = all.find(({ id }) => id === brand);
  const refused = (code: string, other: string, en: string, ru: string): FieldError => ({
    ...{ pointer: pointerOf('brand'), code, params: { bot: other } },
    detail: { en, ru },
  });
  if (!home) return refused('brand_unknown', brand, `there is no bot ${brand}`, `бота ${brand} нет`);
  if (brandIn(home) !== brand) {
    return refused('brand_of_brand', brand, `${brand} has a brand itself`, `у ${brand} есть свой бренд`);
  }
  const accounts = settled.filter((other) => other.brand === bot.id && other.id !== bot.id);
  const account = accounts[0];
  if (account && brand !== bot.id) {
    const [en, ru] = [`${account.id} has this bot as its brand`, `этот бот — бренд для ${account.id}`];
    return refused('brand_of_brand', account.id, en, ru);
  }
  const stranger = [home, ...accounts].find((other) => livesInSandbox(other) !== livesInSandbox(bot));
  if (!stranger) return undefined;
  const [en, ru] = [
    `this bot and ${stranger.id} are not both in the sandbox`,
    `в песочнице только один из ботов: этот или ${stranger.id}`,
  ];
  return refused('brand_half_in_sandbox', stranger.id, en, ru);
}

/** Two readers of one token would take each other's messages away. */
function shareToken(one: BotSource, other: BotSource): boolean {
  if ([one, other].some((source) => isArchived({ source }))) return false;
  const tokens = [one, other].map(tokenOf);
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
