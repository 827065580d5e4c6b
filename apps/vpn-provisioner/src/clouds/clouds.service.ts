import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, FieldRefused, fieldErrorsOf, InvalidFields, ResiliencePolicy } from '@switchboard/service-kit';
import { Registry } from 'prom-client';
import { type Cloud, type CloudDefinition, isCloudOutage } from './cloud';
import type { CloudsConfig } from './clouds.config';

export const CLOUDS = Symbol('the kinds of clouds');

type Secrets = Readonly<Record<string, string>>;

class CloudKindUnknown extends FieldRefused {
  constructor(kind: string) {
    const texts = { en: `There is no cloud "${kind}" here.`, ru: `Облака «${kind}» здесь нет.` };
    super('vpn-provisioner.cloud_refused', '/cloudKind', texts, { kind });
  }
}

const TIMEOUT_MS = 15_000;

/** Accounts with clouds, made when they are asked for. */
@Injectable()
export class CloudsService {
  private readonly policies = new Map<string, ResiliencePolicy>();

  constructor(
    private readonly registry: Registry,
    @Inject(CLOUDS) private readonly definitions: readonly CloudDefinition[],
    @Inject(CONFIG) private readonly config: CloudsConfig,
  ) {}

  kinds(): { kind: string; secrets: string[] }[] {
    return this.definitions.map(({ kind, secrets }) => ({ kind, secrets: [...secrets] }));
  }

  /** @throws CloudKindUnknown, InvalidFields */
  account(kind: string, settings: Readonly<Record<string, unknown>>, secrets: Secrets): Cloud {
    const definition = this.definitions.find((one) => one.kind === kind);
    if (!definition) throw new CloudKindUnknown(kind);
    const read = definition.settings.safeParse(settings);
    if (!read.success) throw new InvalidFields(fieldErrorsOf(settings, read.error.issues, ['cloudSettings']));
    return definition.create({
      settings: read.data,
      secret: (name) => secrets[name],
      apiRoot: this.apiRootOf(definition),
      policy: this.policyOf(kind),
    });
  }

  private apiRootOf({ kind, apiRoot }: CloudDefinition): string {
    const { VPN_PROVISIONER_CLOUDS_SANDBOX_URL: sandbox } = this.config;
    return sandbox ? `${sandbox.replace(/\/+$/, '')}/${kind}${new URL(apiRoot).pathname}` : apiRoot;
  }

  private policyOf(kind: string): ResiliencePolicy {
    const known = this.policies.get(kind);
    if (known) return known;
    const policy = new ResiliencePolicy({
      ...{ name: kind, registry: this.registry, timeoutMs: TIMEOUT_MS, isOutage: isCloudOutage },
    });
    this.policies.set(kind, policy);
    return policy;
  }
}
