import { Inject, Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import {
  type Actor,
  AuditEntryAppendRequested,
  type ListServerTemplates,
  RemoveServerTemplate,
  SetServerTemplate,
  toDecimal,
} from '@switchboard/contracts';
import {
  type AnswerOf,
  auditEntry,
  Clock,
  DomainError,
  FieldCipher,
  FieldRefused,
  LOG,
  type Log,
  type RequestOf,
} from '@switchboard/service-kit';
import { DataSource, type EntityManager } from 'typeorm';
import { type Cloud, CloudRefused, CloudUnavailable } from '../clouds/cloud';
import { CloudsService } from '../clouds/clouds.service';
import { PanelsService } from '../panels/panels.service';
import { withDeadline } from '../panels/with-deadline';
import { type OrderedTemplate, ServerOrder } from './server-order.entity';
import { ServerTemplate } from './server-template.entity';

type View = AnswerOf<typeof SetServerTemplate>;
type Asked = RequestOf<typeof SetServerTemplate>;

/** What a template keeps secret. */
interface TemplateSecrets {
  readonly cloud: Readonly<Record<string, string>>;
  readonly panel: Readonly<Record<string, string>>;
  readonly userData?: string;
}

class TemplateNotFound extends DomainError {
  constructor(region: string) {
    const texts = { en: 'No servers are made for this region.', ru: 'Для этого региона серверы не создаются.' };
    super('vpn-provisioner.server_template_not_found', texts, 404, { region });
  }
}

class CloudHasRefused extends FieldRefused {
  constructor(pointer: string, why: string) {
    const texts = { en: `The cloud refuses: ${why}`, ru: `Облако отказывает: ${why}` };
    super('vpn-provisioner.cloud_refused', pointer, texts);
  }
}

const SECRETS = 'server_templates.secrets';
const ORDER_SECRETS = 'server_orders.secrets';
/** A public one, which nobody asks. */
const ANY_ADDRESS = '1.1.1.1';
const ASKED_MS = 20_000;

@Injectable()
export class ServerTemplatesService {
  constructor(
    private readonly db: DataSource,
    private readonly clouds: CloudsService,
    private readonly panels: PanelsService,
    private readonly cipher: FieldCipher,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
    @Inject(LOG) private readonly log: Log,
  ) {}

  async list(): Promise<AnswerOf<typeof ListServerTemplates>> {
    const templates = await this.db.manager.find(ServerTemplate, { order: { region: 'ASC' } });
    return { data: templates.map((template) => this.shown(template)), cloudKinds: this.clouds.kinds() };
  }

  find(tx: EntityManager, region: string): Promise<ServerTemplate | null> {
    return tx.findOneBy(ServerTemplate, { region });
  }

  secretsOf({ id, secrets }: Pick<ServerOrder, 'id' | 'secrets'>): TemplateSecrets {
    return this.read(secrets, ORDER_SECRETS, id);
  }

  /**
   * The account that it was ordered with: by the token of then, or where that is known no more by that of a template which finds the
   * server there. Another account of the same cloud would say that it is gone: it is believed only of one that nobody has ever seen, or
   * that would be asked for and counted for ever.
   */
  async cloudOf(tx: EntityManager, order: ServerOrder, signal: AbortSignal): Promise<Cloud> {
    const { cloudKind, cloudSettings } = order.template;
    const kept = this.secretsOf(order);
    const cloud = this.clouds.account(cloudKind, cloudSettings, kept.cloud);
    const seen = (one: Cloud) => one.read(order.cloudName, signal);
    const refusal = await seen(cloud).then(() => undefined, onlyUnauthorized);
    if (!refusal) return cloud;
    const templates = await tx.find(ServerTemplate, { where: { cloudKind }, order: { region: 'ASC' } });
    const isNeverSeen = order.state === 'failed' && order.serverId === null && order.address === null;
    let ofRegion: Cloud | undefined;
    for (const { region, secrets } of templates) {
      const now = this.read(secrets, SECRETS, region).cloud;
      const other = this.clouds.account(cloudKind, cloudSettings, now);
      const isMade = order.state !== 'asked';
      const found = await seen(other).catch(onlyUnauthorized);
      if (found instanceof CloudUnavailable) continue;
      if (region === order.region) ofRegion = other;
      if (isMade ? !found : region !== order.region) continue;
      order.secrets = this.cipher.encrypt(JSON.stringify({ ...kept, cloud: now }), ORDER_SECRETS, order.id);
      await tx.update(ServerOrder, { id: order.id }, { secrets: order.secrets });
      return other;
    }
    if (!isNeverSeen || !ofRegion) throw refusal;
    const facts = { err: refusal, order: order.id, region: order.region, server: order.cloudName };
    this.log.error(facts, 'whether a cloud has a server is not known: it lets nobody in with the token of its order');
    return ofRegion;
  }

  /** Of all templates. */
  async accounts(): Promise<{ region: string; cloudKind: string; cloud: Cloud }[]> {
    const templates = await this.db.manager.find(ServerTemplate, { order: { region: 'ASC' } });
    return templates.map(({ region, cloudKind, cloudSettings, secrets }) => ({
      ...{ region, cloudKind },
      cloud: this.clouds.account(cloudKind, cloudSettings, this.read(secrets, SECRETS, region).cloud),
    }));
  }

  /** What an order keeps of it. */
  keptWith(orderId: string, saved: ServerTemplate): Pick<ServerOrder, 'template' | 'secrets'> {
    const { region: _, maxServers: __, automatic: ___, changedAt: ____, secrets, ...template } = saved;
    const kept = this.read(secrets, SECRETS, saved.region);
    return { template, secrets: this.cipher.encrypt(JSON.stringify(kept), ORDER_SECRETS, orderId) };
  }

  /** Prices of clouds change. @throws CloudRefused where it cannot be had, or costs more than was agreed to */
  async checkPrice(
    cloud: Cloud,
    {
      plan,
      location,
      monthlyCostMinor,
      currency,
    }: Pick<OrderedTemplate, 'plan' | 'location' | 'monthlyCostMinor' | 'currency'>,
    signal: AbortSignal,
  ): Promise<void> {
    const offer = (await cloud.offers(signal)).find((one) => one.plan === plan && one.location === location);
    if (!offer) throw new CloudRefused('sold-out', `${plan} cannot be had in ${location} now`);
    const { monthly } = offer;
    if (monthly.currency === currency && monthly.amountMinor > monthlyCostMinor)
      throw new CloudRefused('invalid', `${plan} costs ${toDecimal(monthly)} ${currency} a month in ${location}`);
  }

  private read(secrets: string | null, place: typeof SECRETS | typeof ORDER_SECRETS, id: string): TemplateSecrets {
    return secrets === null
      ? { cloud: {}, panel: {} }
      : (JSON.parse(this.cipher.decrypt(secrets, place, id)) as TemplateSecrets);
  }

  /** Asks the cloud, so it is done before there is a transaction. */
  async check({ params, body }: Asked): Promise<void> {
    const { cloud: secrets } = await this.merged(this.db.manager, params.region, body);
    this.panels.check({ panelKind: body.panelKind, settings: body.panelSettings }, body.panelSecrets);
    // As some server will have it: whether such an address may be asked is the same for all.
    const url = filled(body.panelUrl, { address: ANY_ADDRESS, name: 'vpn' });
    if (!URL.canParse(url)) throw new FieldRefused('validation_failed', '/panelUrl', NO_ADDRESS);
    await this.panels.checkAddress(url);
    if (body.maxServers > 1 && nameOf(body, 1) === nameOf(body, 2))
      throw new FieldRefused('validation_failed', '/serverName', NO_NUMBER);
    const cloud = this.clouds.account(body.cloudKind, body.cloudSettings, secrets);
    await withDeadline(ASKED_MS, undefined, (signal) => this.checkPrice(cloud, body, signal)).catch(
      (error: unknown) => {
        if (error instanceof CloudRefused) throw new CloudHasRefused('/plan', error.message);
        if (error instanceof CloudUnavailable && error.trouble === 'unauthorized')
          throw new CloudHasRefused('/cloudSecrets', error.message);
        throw error;
      },
    );
  }

  async set(tx: EntityManager, { params, body, actor }: Asked): Promise<View> {
    const { region } = params;
    const secrets = await this.merged(tx, region, body);
    const { userData, cloudSecrets, panelSecrets, ...settings } = body;
    const template = tx.create(ServerTemplate, {
      ...{ ...settings, region, changedAt: this.clock.now() },
      secrets: this.cipher.encrypt(JSON.stringify(secrets), SECRETS, region),
    } as ServerTemplate);
    const before = await this.find(tx, region);
    await tx.save(ServerTemplate, template);
    const after = {
      ...factsOf(template),
      newSecrets: [...Object.keys(cloudSecrets), ...Object.keys(panelSecrets)],
      // It runs as root on every server to come.
      userDataChanged: userData !== undefined,
    };
    await this.audit(tx, actor, SetServerTemplate, region, { ...(before && { before: factsOf(before) }), after });
    return this.shown(template);
  }

  async remove(tx: EntityManager, { params, actor }: RequestOf<typeof RemoveServerTemplate>): Promise<void> {
    const template = await this.find(tx, params.region);
    if (!template) throw new TemplateNotFound(params.region);
    await tx.delete(ServerTemplate, { region: params.region });
    await this.audit(tx, actor, RemoveServerTemplate, params.region, { before: factsOf(template) });
  }

  /** What is not given anew stays, as long as it is the same cloud or panel. */
  private async merged(tx: EntityManager, region: string, body: Asked['body']): Promise<TemplateSecrets> {
    const saved = await this.find(tx, region);
    const known = this.read(saved?.secrets ?? null, SECRETS, region);
    const userData = body.userData ?? known.userData;
    return {
      cloud: { ...(saved?.cloudKind === body.cloudKind && known.cloud), ...body.cloudSecrets },
      panel: { ...(saved?.panelKind === body.panelKind && known.panel), ...body.panelSecrets },
      ...(userData !== undefined && { userData }),
    };
  }

  private shown(template: ServerTemplate): View {
    const { cloud, panel, userData } = this.read(template.secrets, SECRETS, template.region);
    const { secrets: _, ...rest } = template;
    return {
      ...rest,
      hasUserData: userData !== undefined,
      cloudSecretNames: Object.keys(cloud),
      panelSecretNames: Object.keys(panel),
    } as View;
  }

  private async audit(
    tx: EntityManager,
    actor: Actor,
    route: typeof SetServerTemplate | typeof RemoveServerTemplate,
    region: string,
    change: { before?: Record<string, unknown>; after?: Record<string, unknown> },
  ): Promise<void> {
    const about = { resourceType: 'server-template', resourceId: region };
    await this.outbox.add(tx, AuditEntryAppendRequested(auditEntry(actor, route, { ...about, ...change })));
  }
}

const onlyUnauthorized = (error: unknown): CloudUnavailable => {
  if (error instanceof CloudUnavailable && error.trouble === 'unauthorized') return error;
  throw error;
};

const NO_NUMBER = {
  en: 'Several servers need a name with {number} in it.',
  ru: 'Нескольким серверам нужно имя с {number}.',
};
const NO_ADDRESS = { en: 'That is no address.', ru: 'Это не адрес.' };

const factsOf = ({ secrets: _, changedAt: __, panelUrl, ...facts }: ServerTemplate): Record<string, unknown> => ({
  ...facts,
  // Its path is the password of some panels.
  panelUrl: panelUrl.split('/').slice(0, 3).join('/'),
});

/** `https://{address}:8000` of a server. */
export const filled = (text: string, values: Readonly<Record<string, string>>): string =>
  text.replaceAll(/\{(\w+)\}/g, (all, name: string) => values[name] ?? all);

/** `Frankfurt {number}` of one. */
export const nameOf = ({ serverName }: Pick<ServerTemplate, 'serverName'>, number: number): string =>
  filled(serverName, { number: String(number) });
