import { Inject, Injectable } from '@nestjs/common';
import { type Bot, type Budget, livesInSandbox } from '@switchboard/contracts';
import {
  BotServers,
  BotsRegistry,
  CONFIG,
  ConfigError,
  DomainError,
  LOG,
  type Log,
  ServiceClient,
} from '@switchboard/service-kit';
import { LRUCache } from 'lru-cache';
import type { ChatAiConfig } from '../chat-ai.config';
import { ModelKeys } from '../models/model-keys';
import {
  type Assistant,
  type AssistantModel,
  AssistantSection,
  DeskSection,
  type ModelSection,
  StaffSection,
} from './assistant';

const MICROS = 1_000_000;
const micros = (dollars: number) => Math.round(dollars * MICROS);

/** The product that sells goods. */
const STORE = 'store';

const SANDBOX_MODEL = 'sandbox-model';
const SANDBOX_KEY = 'sk-sandbox';
/** Next to nothing, so that budgets can be seen to work and a demo does not end because of them. */
const SANDBOX_PRICE = { input: micros(0.05), cachedInput: micros(0.05), output: micros(0.05) };

export class BotNotFound extends DomainError {
  constructor(botId: string) {
    super('chat-ai.bot_not_found', 'There is no such bot', 404, { botId });
  }
}

/** Its description has not come yet: what it says, may spend and is asked by, nobody here knows. */
export class BotNotDescribedYet extends Error {
  override readonly name = 'BotNotDescribedYet';

  constructor(botId: string) {
    super(`the bot ${botId} is not described yet`);
  }
}

/** `before` is absent for a new bot, `after` for one that is gone. */
export interface AssistantChange {
  readonly botId: string;
  readonly before: Assistant | undefined;
  readonly after: Assistant | undefined;
}

/** The assistants of this installation, as the descriptions of their bots say; a change holds from the next turn on. */
@Injectable()
export class AssistantsService {
  private readonly described = new Map<string, Assistant>();
  private readonly undescribed = new LRUCache<string, Assistant>({ max: 1000 });
  private readonly listeners = new Set<(change: AssistantChange) => void | Promise<void>>();

  constructor(
    private readonly bots: BotsRegistry,
    private readonly keys: ModelKeys,
    private readonly services: ServiceClient,
    private readonly servers: BotServers,
    @Inject(CONFIG) private readonly config: ChatAiConfig,
    @Inject(LOG) log: Log,
  ) {
    for (const bot of bots.all()) if (isHome(bot)) this.describe(bot, log);
    // Throws for a secret that is not there: the assistant stays as it was, and the registry tells of it.
    bots.addCheck((bot) => void this.resolve(bot.id, bot));
    bots.onChange(({ id, after }) => this.change(id, after));
    const { CHAT_AI_BASE_URL: baseUrl, OPENAI_API_KEY } = config;
    if (baseUrl && OPENAI_API_KEY && !keys.connectionTo(baseUrl)?.apiKey)
      log.warn(
        { baseUrl },
        'OPENAI_API_KEY is sent to OpenAI alone; a key for this server is given by CHAT_AI_API_KEY',
      );
  }

  all(): Assistant[] {
    return [...this.described.values()];
  }

  /** With what answers for bots that nobody described. */
  inUse(): Assistant[] {
    return [...this.described.values(), this.resolve('', undefined)];
  }

  /** The shop whose assistant answers in an account. */
  brandOf(botId: string): string {
    return this.bots.brandOf(botId);
  }

  /**
   * That of the shop to which a bot belongs. A bot that nobody described answers as set for all; one whose description cannot be used
   * asks no model in its name.
   */
  get(accountId: string): Assistant {
    const botId = this.brandOf(accountId);
    const described = this.described.get(botId);
    if (described) return described;
    if (this.bots.isLeftOut(botId)) return this.resolve(botId, undefined, []);
    const known = this.undescribed.get(botId);
    if (known) return known;
    const assistant = this.resolve(botId, undefined);
    this.undescribed.set(botId, assistant);
    return assistant;
  }

  /** To answer people. Where bots are described, one that is not is new here. @throws BotNotDescribedYet */
  forTurn(accountId: string): Assistant {
    const botId = this.brandOf(accountId);
    const isKnown = this.described.has(botId) || this.bots.isLeftOut(botId);
    if (!isKnown && this.areDescribed()) throw new BotNotDescribedYet(botId);
    return this.get(botId);
  }

  private areDescribed(): boolean {
    return this.bots.described().length > 0 || this.services.addressOf('gateway') !== undefined;
  }

  /** Of a bot that is described; other accounts of a shop have none of their own. @throws BotNotFound */
  require(botId: string): Assistant {
    const assistant = this.described.get(botId);
    if (!assistant) throw new BotNotFound(botId);
    return assistant;
  }

  /** Called after each change, one at a time. */
  onChange(listener: (change: AssistantChange) => void | Promise<void>): void {
    this.listeners.add(listener);
  }

  /** At the start. A bot whose key is missing keeps no other from its work, and answers from its knowledge until it is there. */
  private describe(bot: Bot, log: Log): void {
    try {
      this.described.set(bot.id, this.resolve(bot.id, bot));
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      log.error(
        { bot: bot.id, mistakes: error.mistakes },
        'a bot has no model: a key or a folder that it names is missing, or its server may not be asked',
      );
      this.described.set(bot.id, this.resolve(bot.id, bot, []));
      this.bots.exclude(bot.id, error);
    }
  }

  private async change(botId: string, bot: Bot | undefined): Promise<void> {
    const before = this.described.get(botId);
    const after = bot && isHome(bot) ? this.resolve(botId, bot) : undefined;
    if (!before && !after) return;
    if (after) this.described.set(botId, after);
    else this.described.delete(botId);
    for (const listener of this.listeners) await listener({ botId, before, after });
  }

  private resolve(botId: string, bot: Bot | undefined, models?: AssistantModel[]): Assistant {
    const section = this.bots.section(botId, 'assistant', AssistantSection) ?? AssistantSection.parse({});
    const { config } = this;
    const sells = bot?.products.includes(STORE) ?? false;
    const hasStaff = this.bots.section(botId, 'staff', StaffSection) !== undefined;
    return {
      botId,
      name: bot?.name ?? 'Assistant',
      channel: bot?.channel.kind ?? 'unknown',
      systemPrompt: section.systemPrompt,
      models: models ?? this.modelsOf(botId, bot, section),
      knowledgeFolder: this.knowledgeFolderOf(botId, models !== undefined),
      maxOutputTokens: section.maxOutputTokens ?? config.CHAT_AI_MAX_OUTPUT_TOKENS,
      contextTokens: section.contextTokens ?? config.CHAT_AI_CONTEXT_TOKENS,
      tools: section.tools.filter((name) => name !== 'hand_over' || hasStaff),
      handoverHours: section.handoverHours,
      hasStaff,
      pricesFromSourcesOnly: section.pricesFromSourcesOnly ?? sells,
      answerCache: section.answerCache ?? sells,
      shortensContext: section.shortensContext,
      saysItIsABot: section.saysItIsABot,
      promiseMinutes: (this.bots.section(botId, 'desk', DeskSection) ?? DeskSection.parse(undefined)).promiseMinutes,
      budgets: {
        personPerDay: limitOf(bot?.budgets.personPerDayUsd ?? config.CHAT_AI_PERSON_PER_DAY_USD),
        botPerMonth: limitOf(bot?.budgets.botPerMonthUsd ?? config.CHAT_AI_BOT_PER_MONTH_USD),
      },
      timeZone: bot?.timeZone ?? 'UTC',
      hours: bot?.hours,
    };
  }

  /** @param isWhateverComes that it may not be named is told already */
  private knowledgeFolderOf(botId: string, isWhateverComes: boolean): string | undefined {
    try {
      return this.bots.path(botId, 'assistant', 'knowledge');
    } catch (error) {
      if (isWhateverComes && error instanceof ConfigError) return undefined;
      throw error;
    }
  }

  private modelsOf(botId: string, bot: Bot | undefined, section: AssistantSection): AssistantModel[] {
    const { CHAT_AI_MODEL, CHAT_AI_BASE_URL, CHAT_AI_FALLBACK_MODEL, CHAT_AI_FALLBACK_BASE_URL } = this.config;
    const first = this.modelOf(botId, 'assistant', section, CHAT_AI_MODEL, CHAT_AI_BASE_URL);
    const fallback = section.fallback ?? (CHAT_AI_FALLBACK_MODEL ? { parameters: section.parameters } : undefined);
    const second =
      fallback &&
      this.modelOf(botId, 'assistant.fallback', fallback, CHAT_AI_FALLBACK_MODEL, CHAT_AI_FALLBACK_BASE_URL);
    const connected = [first, second].filter((model) => model !== undefined);
    return connected.length > 0 ? connected : this.pretendedModels(bot, section);
  }

  /** Nobody else may ever take what they say for an answer. */
  private pretendedModels(bot: Bot | undefined, { parameters }: AssistantSection): AssistantModel[] {
    const { CHAT_AI_SANDBOX_BASE_URL: baseUrl } = this.config;
    if (!baseUrl || !bot || !livesInSandbox(bot)) return [];
    const connection = { baseUrl, apiKey: SANDBOX_KEY };
    return [{ model: SANDBOX_MODEL, connection, parameters, vision: true, ownPrice: SANDBOX_PRICE }];
  }

  /** Undefined when it is not connected: neither a key nor a server of its own is given. */
  private modelOf(
    botId: string,
    path: string,
    section: Omit<ModelSection, 'model'> & { model?: string | undefined },
    model: string | undefined,
    baseUrl: string | undefined,
  ): AssistantModel | undefined {
    const name = section.model ?? model;
    if (section.baseUrl) this.servers.check(`${path}.baseUrl`, section.baseUrl);
    const ownKey = this.bots.secret(botId, path, 'apiKey');
    const connection = this.keys.connectionTo(section.baseUrl ?? baseUrl, ownKey);
    if (!connection || !name) return undefined;
    const price = section.pricePerMillionTokensUsd;
    return {
      model: name,
      connection,
      parameters: section.parameters,
      vision: section.vision,
      ownPrice: price && {
        input: micros(price.input),
        cachedInput: micros(price.cachedInput),
        output: micros(price.output),
      },
    };
  }
}

const isHome = ({ id, brand }: Bot): boolean => brand === undefined || brand === id;

const limitOf = (budget: Budget): number | null => (budget === 'unlimited' ? null : micros(budget));
