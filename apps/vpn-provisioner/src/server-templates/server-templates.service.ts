import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import {
  type Actor,
  AuditEntryAppendRequested,
  type ListServerTemplates,
  RemoveServerTemplate,
  SetServerTemplate,
} from '@switchboard/contracts';
import {
  type AnswerOf,
  auditEntry,
  Clock,
  DomainError,
  FieldCipher,
  FieldRefused,
  type RequestOf,
} from '@switchboard/service-kit';
import { DataSource, type EntityManager } from 'typeorm';
import { type Cloud, CloudRefused, CloudUnavailable } from '../clouds/cloud';
import { CloudsService } from '../clouds/clouds.service';
import { PanelsService } from '../panels/panels.service';
import { withDeadline } from '../panels/with-deadline';
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
  ) {}

  async list(): Promise<AnswerOf<typeof ListServerTemplates>> {
    const templates = await this.db.manager.find(ServerTemplate, { order: { region: 'ASC' } });
    return { data: templates.map((template) => this.shown(template)), cloudKinds: this.clouds.kinds() };
  }

  find(tx: EntityManager, region: string): Promise<ServerTemplate | null> {
    return tx.findOneBy(ServerTemplate, { region });
  }

  secretsOf({ region, secrets }: Pick<ServerTemplate, 'region' | 'secrets'>): TemplateSecrets {
    if (secrets === null) return { cloud: {}, panel: {} };
    return JSON.parse(this.cipher.decrypt(secrets, SECRETS, region)) as TemplateSecrets;
  }

  cloudOf(template: ServerTemplate): Cloud {
    return this.clouds.account(template.cloudKind, template.cloudSettings, this.secretsOf(template).cloud);
  }

  /** Asks the cloud, so it is done before there is a transaction. */
  async check({ params, body }: Asked): Promise<void> {
    const { cloud: secrets } = await this.merged(this.db.manager, params.region, body);
    this.panels.check({ panelKind: body.panelKind, settings: body.panelSettings }, body.panelSecrets);
    if (!URL.canParse(filled(body.panelUrl, { address: '192.0.2.1', name: 'vpn' })))
      throw new FieldRefused('validation_failed', '/panelUrl', NO_ADDRESS);
    const cloud = this.clouds.account(body.cloudKind, body.cloudSettings, secrets);
    const offers = await withDeadline(ASKED_MS, undefined, (signal) => cloud.offers(signal)).catch((error: unknown) => {
      if (error instanceof CloudRefused) throw new CloudHasRefused('/plan', error.message);
      if (error instanceof CloudUnavailable && error.trouble === 'unauthorized')
        throw new CloudHasRefused('/cloudSecrets', error.message);
      throw error;
    });
    if (!offers.some(({ plan, location }) => plan === body.plan && location === body.location))
      throw new CloudHasRefused('/plan', `${body.plan} cannot be had in ${body.location} now`);
  }

  async set(tx: EntityManager, { params, body, actor }: Asked): Promise<View> {
    const { region } = params;
    const secrets = await this.merged(tx, region, body);
    const { userData: _, cloudSecrets: __, panelSecrets: ___, ...settings } = body;
    const template = tx.create(ServerTemplate, {
      ...{ ...settings, region, changedAt: this.clock.now() },
      secrets: this.cipher.encrypt(JSON.stringify(secrets), SECRETS, region),
    } as ServerTemplate);
    const before = await this.find(tx, region);
    await tx.save(ServerTemplate, template);
    await this.audit(tx, actor, SetServerTemplate, region, {
      ...(before && { before: factsOf(before) }),
      after: factsOf(template),
    });
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
    const known = saved ? this.secretsOf(saved) : { cloud: {}, panel: {} };
    const userData = body.userData ?? known.userData;
    return {
      cloud: { ...(saved?.cloudKind === body.cloudKind && known.cloud), ...body.cloudSecrets },
      panel: { ...(saved?.panelKind === body.panelKind && known.panel), ...body.panelSecrets },
      ...(userData !== undefined && { userData }),
    };
  }

  private shown(template: ServerTemplate): View {
    const { cloud, panel, userData } = this.secretsOf(template);
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

const NO_ADDRESS = { en: 'That is no address.', ru: 'Это не адрес.' };

const factsOf = ({ secrets: _, changedAt: __, panelUrl, ...facts }: ServerTemplate): Record<string, unknown> => ({
  ...facts,
  // Its path is the password of some panels.
  panelUrl: panelUrl.split('/').slice(0, 3).join('/'),
});

/** `https://{address}:8000` of a server. */
export const filled = (text: string, values: Readonly<Record<string, string>>): string =>
  text.replaceAll(/\{(\w+)\}/g, (all, name: string) => values[name] ?? all);
