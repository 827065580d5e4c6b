import { Inject, Injectable } from '@nestjs/common';
import { livesInSandbox } from '@switchboard/contracts';
import {
  BotFieldError,
  BotServers,
  BotsRegistry,
  CONFIG,
  DomainError,
  ResiliencePolicy,
  ServiceClient,
  type SharedConfig,
} from '@switchboard/service-kit';
import { Registry } from 'prom-client';
import { z } from 'zod';
import type { Plan } from '../catalogue/plan.entity';
import type { PaymentsConfig } from '../payments.config';
import type { PaymentProvider, ProviderDefinition } from './payment-provider';
import { isOutage } from './provider-http';

export const PROVIDERS = Symbol('providers');
export const PAYMENTS_SECTION = Symbol('the section `payments`');

/** The section `payments` of a bot's description: one part for each provider it has an account with. */
export const paymentsSection = (providers: readonly ProviderDefinition[]) =>
  z.strictObject({
    returnUrl: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe("Where providers' pages lead back to; the bot itself when absent."),
    ...Object.fromEntries(
      providers.map(({ name, settings }) => [name, settings.extend({ apiRoot: z.string().optional() }).optional()]),
    ),
  });

export class ProviderNotOffered extends DomainError {
  constructor(provider: string) {
    const texts = { en: 'This way of paying is not offered here.', ru: 'Такой способ оплаты здесь недоступен.' };
    super('payments.provider_not_offered', texts, 422, { provider });
  }
}

/** A plan as it is bought. */
export interface Renewable {
  readonly plan: Pick<Plan, 'recurring' | 'periodCount' | 'periodUnit'> | undefined;
  readonly currency: string;
  readonly listMinor: number;
  readonly dueMinor: number;
}

export const takes = ({ currencies }: ProviderDefinition, currency: string): boolean =>
  currencies.length === 0 || currencies.includes(currency);

/** Whether the provider itself charges again: what it was paid first, each time, after its own number of days. */
export function renewsByItself(
  { renewsAfterDays }: ProviderDefinition,
  { plan, listMinor, dueMinor }: Renewable,
): boolean {
  if (renewsAfterDays === undefined || !plan?.recurring || dueMinor !== listMinor) return false;
  return plan.periodUnit === 'month' ? plan.periodCount === 1 : plan.periodCount === renewsAfterDays;
}

const TIMEOUT_MS = 15_000;
const apiRootOf = (provider: string) => `payments.${provider}.apiRoot`;

/** The accounts of the bots with their providers, made when they are asked for and anew when the bot has changed. */
@Injectable()
export class ProvidersService {
  private readonly made = new Map<string, { revision: string; provider: PaymentProvider }>();
  private readonly policies = new Map<string, ResiliencePolicy>();
  private readonly servers: BotServers;

  constructor(
    private readonly bots: BotsRegistry,
    private readonly registry: Registry,
    private readonly services: ServiceClient,
    @Inject(PROVIDERS) private readonly definitions: readonly ProviderDefinition[],
    @Inject(PAYMENTS_SECTION) private readonly section: z.ZodType<Record<string, unknown>>,
    @Inject(CONFIG) private readonly config: PaymentsConfig & SharedConfig,
  ) {
    this.servers = new BotServers(config, [config.PAYMENTS_SANDBOX_URL]);
    bots.addServers(
      this.servers,
      definitions.filter(({ apiRoot }) => apiRoot !== undefined).map(({ name }) => apiRootOf(name)),
    );
    // A mistake keeps the bot as it was, and is shown at its field.
    bots.addCheck(({ id }) => this.offeredBy(id).forEach(({ name }) => void this.make(id, name)));
  }

  all(): readonly ProviderDefinition[] {
    return this.definitions;
  }

  /** @throws Error for a provider that this version does not know */
  definition(name: string): ProviderDefinition {
    const found = this.definitions.find((one) => one.name === name);
    if (!found) throw new Error(`there is no payment provider "${name}"`);
    return found;
  }

  /** Those that a bot has an account with, in the order in which they are shown. */
  offeredBy(botId: string): readonly ProviderDefinition[] {
    const section = this.bots.section(botId, 'payments', this.section);
    return section ? this.definitions.filter(({ name }) => section[name] !== undefined) : [];
  }

  /** Whether a bot, or one that was, has an account with it still. */
  isOffered(botId: string, name: string): boolean {
    return this.offeredBy(botId).some((one) => one.name === name);
  }

  /** Whether nothing can be paid by it without an address for the receipt. */
  needsEmail(botId: string, name: string): boolean {
    const settings = this.settingsOf(botId, name);
    return settings !== undefined && (this.definition(name).needsEmail?.(settings as never) ?? false);
  }

  /** Those that go on charging for a plan by themselves once it was bought at a price, where it is one that goes on. */
  renewing(botId: string, bought: Renewable): string[] {
    const { plan, currency } = bought;
    if (!plan?.recurring) return [];
    return this.offeredBy(botId)
      .filter((one) => takes(one, currency) && (one.recurring || renewsByItself(one, bought)))
      .map(({ name }) => name);
  }

  /** Whether a plan that was bought by a provider can go on by itself: where the provider itself is to charge for it, it has to want to. */
  goesOn(name: string, bought: Renewable): boolean {
    const found = this.definitions.find((one) => one.name === name);
    return found?.renewsAfterDays === undefined || found.recurring || renewsByItself(found, bought);
  }

  /** Those by which what was saved with them can be charged in a currency. */
  charging(botId: string, currency: string): string[] {
    return this.offeredBy(botId)
      .filter((one) => one.recurring && takes(one, currency))
      .map(({ name }) => name);
  }

  /** Whether a currency is taken by such alone as charge again by themselves, or not at all: nobody tops a balance up with it. */
  isChargedThere(botId: string, currency: string): boolean {
    const taking = this.offeredBy(botId).filter((one) => takes(one, currency));
    return taking.length > 0 && taking.every(({ recurring, renewsAfterDays }) => !recurring && renewsAfterDays);
  }

  /** Whether what a bot is paid by a provider is pretended. */
  isSandbox(botId: string, name: string): boolean {
    const bot = this.bots.find(botId) ?? this.bots.archived(botId);
    const apiRoot = this.settingsOf(botId, name)?.apiRoot;
    return apiRoot === 'sandbox' || (apiRoot === undefined && bot !== undefined && livesInSandbox(bot));
  }

  /** Whether nothing that is paid to it is money. */
  livesInSandbox(botId: string): boolean {
    const offered = this.offeredBy(botId);
    return offered.length > 0 && offered.every(({ name }) => this.isSandbox(botId, name));
  }

  /** Where pages of providers lead back to, where the bot says so. */
  returnUrlOf(botId: string): string | undefined {
    return this.bots.section(botId, 'payments', this.section)?.['returnUrl'] as string | undefined;
  }

  /** @throws ProviderNotOffered */
  get(botId: string, name: string): PaymentProvider {
    const bot = this.bots.find(botId) ?? this.bots.archived(botId);
    if (!bot || !this.definitions.some((one) => one.name === name)) throw new ProviderNotOffered(name);
    const key = `${botId} ${name}`;
    const known = this.made.get(key);
    if (known?.revision === bot.revision) return known.provider;
    const provider = this.make(botId, name);
    this.made.set(key, { revision: bot.revision, provider });
    return provider;
  }

  private make(botId: string, name: string): PaymentProvider {
    const definition = this.definition(name);
    const settings = this.settingsOf(botId, name);
    if (!settings) throw new ProviderNotOffered(name);
    const isSandbox = this.isSandbox(botId, name);
    // One that another service of ours asks has no server of its own.
    const hasServer = definition.apiRoot !== undefined;
    const apiRoot =
      isSandbox && hasServer ? this.sandboxOf(botId, definition) : (settings.apiRoot ?? definition.apiRoot);
    if (apiRoot !== undefined) this.servers.check(apiRootOf(name), apiRoot);
    const secret = (field: string) => this.bots.secret(botId, `payments.${name}`, field);
    return definition.create({
      botId,
      settings: settings as never,
      secret,
      apiRoot: apiRoot ?? '',
      isSandbox,
      fetch: this.servers.fetch,
      policy: this.policyOf(name),
      services: this.services,
    });
  }

  private settingsOf(botId: string, name: string): { readonly apiRoot?: string } | undefined {
    return this.bots.section(botId, 'payments', this.section)?.[name] as { apiRoot?: string } | undefined;
  }

  private sandboxOf(botId: string, { name, sandboxPath = `/${name}` }: ProviderDefinition): string {
    const { PAYMENTS_SANDBOX_URL: root } = this.config;
    if (root !== undefined) return `${root.replace(/\/+$/, '')}${sandboxPath}`;
    throw new BotFieldError(apiRootOf(name), {
      en: `the bot "${botId}" pays in the sandbox, and no sandbox is running`,
      ru: `бот «${botId}» принимает оплату в песочнице, а песочница не запущена`,
    });
  }

  /** One for each provider: when it is in trouble for one bot, it is for all. */
  private policyOf(name: string): ResiliencePolicy {
    const known = this.policies.get(name);
    if (known) return known;
    const policy = new ResiliencePolicy({ name, registry: this.registry, timeoutMs: TIMEOUT_MS, isOutage });
    this.policies.set(name, policy);
    return policy;
  }
}
