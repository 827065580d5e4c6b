import { Inject, Injectable } from '@nestjs/common';
import type { Bot, FieldError } from '@switchboard/contracts';
import {
  botMistakesIn,
  BotServers,
  BotsRegistry,
  Clock,
  CONFIG,
  ConfigError,
  fieldErrorsOf,
  LOG,
  type Log,
  type SharedConfig,
} from '@switchboard/service-kit';
import { Registry } from 'prom-client';
import { z } from 'zod';
import type { BotAdapterConfig } from '../bot-adapter.config';
import type { Channel, ChannelBot, ChannelFactory, OutboundMedia, WebhookRequest } from './channel';
import { BotNotHere, UnknownAccount } from './channel-errors';
import { ConnectedAccounts } from './connected-accounts';
import { PublicFilesService } from './public-files.service';

/** The kinds of channels this service was built with: ChannelKinds. */
export const CHANNEL_KINDS = Symbol('kinds of channels');

export interface ChannelKinds {
  readonly factories: readonly ChannelFactory[];
  /** The `channel` section of a bot, read as its kind wants it. */
  readonly section: z.ZodType;
}

export function channelKinds(factories: readonly ChannelFactory[]): ChannelKinds {
  const section = z.looseObject({ kind: z.string() }).transform(({ kind, ...settings }, ctx): unknown => {
    const factory = factories.find((one) => one.kind === kind);
    if (!factory) {
      const known = factories.map((one) => one.kind).join(', ');
      ctx.addIssue({ code: 'custom', path: ['kind'], message: `is no channel here; there are: ${known}` });
      return z.NEVER;
    }
    const parsed = factory.settings.safeParse(settings);
    for (const { path, message } of parsed.error?.issues ?? []) ctx.addIssue({ code: 'custom', path, message });
    return parsed.success ? parsed.data : z.NEVER;
  });
  return { factories, section };
}

/** The channel of each bot, made anew when its description changes. */
@Injectable()
export class ChannelsService {
  private readonly byBot = new Map<string, { readonly kind: string; readonly channel: Channel }>();
  private readonly servers: BotServers;

  constructor(
    private readonly bots: BotsRegistry,
    private readonly registry: Registry,
    private readonly accounts: ConnectedAccounts,
    private readonly publicFiles: PublicFilesService,
    private readonly clock: Clock,
    @Inject(CHANNEL_KINDS) private readonly kinds: ChannelKinds,
    @Inject(CONFIG) private readonly config: BotAdapterConfig & SharedConfig,
    @Inject(LOG) private readonly log: Log,
  ) {
    const named = kinds.factories.flatMap(({ servers }) => servers ?? []);
    const variables = config as unknown as Readonly<Record<string, string | undefined>>;
    this.servers = new BotServers(
      config,
      named.flatMap((one) => one.variables.map((name) => variables[name])),
    );
    const settings = named.flatMap((one) => one.settings.map((name) => `channel.${name}`));
    bots.addServers(this.servers, settings);
    this.createAll();
    bots.addCheck((bot) => void this.create(bot));
    bots.onChange(({ id, after }) => {
      if (!after) this.byBot.delete(id);
      else this.byBot.set(id, this.create(after));
    });
  }

  /** For jobs, which are tried again. Throws BotNotHere. */
  get(botId: string): Channel {
    const channel = this.find(botId);
    if (!channel) throw new BotNotHere(botId);
    return channel;
  }

  /** Undefined for a bot that was removed, or that this process does not know yet: each reads the descriptions by itself. */
  find(botId: string): Channel | undefined {
    return this.byBot.get(botId)?.channel;
  }

  /** Of a bot that was archived, for what has to be undone in the channel; undefined when it has no credentials any more. */
  ofArchived(botId: string): Channel | undefined {
    const bot = this.bots.archived(botId);
    try {
      return bot && this.create(bot).channel;
    } catch (error) {
      if (error instanceof ConfigError) return undefined;
      throw error;
    }
  }

  /** With credentials that no bot has yet; or what is wrong with them, with pointers into a description. */
  draft(botId: string, section: unknown, secrets: Readonly<Record<string, string>>): Channel | FieldError[] {
    const parsed = this.kinds.section.safeParse(section);
    if (!parsed.success) return fieldErrorsOf(section, parsed.error.issues, ['channel']);
    const { kind } = section as { kind: string };
    try {
      return this.make(kind, { id: botId, name: botId, settings: parsed.data, secret: (name) => secrets[name] });
    } catch (error) {
      if (error instanceof ConfigError) return botMistakesIn(error);
      throw error;
    }
  }

  /** What keeps the servers from being asked that a section names, as their names are now. */
  mistakesInServers(section: unknown): Promise<FieldError[]> {
    return this.bots.mistakesInServers({ channel: section });
  }

  /** The bot that has this account of a kind of channel, other than `botId` itself. */
  userOf(kind: string, account: string, botId: string): string | undefined {
    // Of those that have none yet nobody has the same.
    if (!account) return undefined;
    const users = [...this.byBot].filter(([, bot]) => bot.kind === kind && bot.channel.account === account);
    return users.map(([id]) => id).find((id) => id !== botId);
  }

  /** Whether channels of a kind can bring updates to an address of ours. */
  hasWebhooks(kind: string): boolean {
    return Boolean(this.kinds.factories.find((factory) => factory.kind === kind)?.unpack);
  }

  /** Throws UnknownAccount and WrongWebhookSecret. */
  unpack(kind: string, request: WebhookRequest) {
    const factory = this.kinds.factories.find((one) => one.kind === kind);
    if (!factory?.unpack) throw new UnknownAccount();
    const ofKind = [...this.byBot].filter(([, bot]) => bot.kind === kind);
    const channels = new Map(ofKind.map(([id, { channel }]) => [id, channel]));
    return factory.unpack(request, channels, this.config as never);
  }

  /** A bot that cannot work keeps no other from its work. Throws a ConfigError when none can, and files say so. */
  private createAll(): void {
    const refused: [string, ConfigError][] = [];
    for (const bot of this.bots.all()) {
      try {
        this.byBot.set(bot.id, this.create(bot));
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        refused.push([bot.id, error]);
      }
    }
    const ofFiles = refused.filter(([id]) => !this.bots.isKeptByGateway(id));
    if (this.byBot.size === 0 && ofFiles.length > 0)
      throw ConfigError.of(ofFiles.flatMap(([id, { mistakes }]) => mistakes.map((mistake) => `bot ${id}: ${mistake}`)));
    for (const [id, error] of refused) this.bots.exclude(id, error);
  }

  private create({ id, name, channel: { kind } }: Bot) {
    const settings = this.bots.section(id, 'channel', this.kinds.section);
    const secret = (field: string) => this.bots.secret(id, 'channel', field);
    return { kind, channel: this.make(kind, { id, name, settings, secret }) };
  }

  private make(kind: string, bot: ChannelBot<unknown>): Channel {
    // The section was read by these very factories, so the kind is among them.
    const factory = this.kinds.factories.find((one) => one.kind === kind)!;
    const { config, registry, log, servers, clock, accounts } = this;
    return factory.create(bot, {
      config: config as never,
      ...{ registry, servers, clock },
      connection: {
        get: () => accounts.of(bot.id),
        lost: (connected) => accounts.lost(bot.id, connected),
      },
      ...(config.BOT_ADAPTER_PUBLIC_URL && {
        publish: (media: OutboundMedia, name: string) => this.publicFiles.publish(media, name),
      }),
      log: log.child({ bot: bot.id }),
      sendTimeoutMs: config.BOT_ADAPTER_SEND_TIMEOUT_MS,
    });
  }
}
