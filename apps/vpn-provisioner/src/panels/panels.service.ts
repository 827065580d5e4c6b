import { Inject, Injectable } from '@nestjs/common';
import {
  CONFIG,
  DomainError,
  FieldCipher,
  FieldRefused,
  fieldErrorsOf,
  InvalidFields,
  OutboundError,
  OutboundGuard,
  ResiliencePolicy,
  type SharedConfig,
  UpstreamTimeout,
  UpstreamUnavailable,
} from '@switchboard/service-kit';
import { Registry } from 'prom-client';
import type { LookupFunction } from 'node:net';
import {
  isPanelOutage,
  type Panel,
  PanelDisagrees,
  type PanelDefinition,
  PanelRefused,
  PanelUnavailable,
} from './panel';
import { PanelDeadline } from './with-deadline';

export const PANELS = Symbol('the kinds of panels');

/** What has to be known of a server to ask its panel. */
export interface ServerWithPanel {
  readonly id: string;
  readonly name: string;
  readonly panelKind: string;
  readonly url: string;
  readonly settings: Record<string, unknown>;
  /** By name as JSON, encrypted. */
  readonly secrets: string | null;
  readonly revision: number;
}

export type Secrets = Readonly<Record<string, string>>;

class PanelKindUnknown extends DomainError {
  constructor(kind: string) {
    const texts = { en: 'There is no such kind of panel.', ru: 'Такой панели нет.' };
    super('vpn-provisioner.panel_kind_unknown', texts, 422, { kind });
  }
}

class AddressRefused extends FieldRefused {
  constructor({ reason, message }: OutboundError) {
    const texts =
      reason === 'unknown_name'
        ? { en: 'No name server knows this host.', ru: 'Ни один сервер имён не знает этого хоста.' }
        : {
            en: `${message}: it has to be public and speak https, or lie in a private network.`,
            ru: 'Адрес должен быть публичным по https или лежать в частной сети.',
          };
    super('vpn-provisioner.address_refused', '/url', texts);
  }
}

/** Longer than a panel takes that has to restart its core. */
const TIMEOUT_MS = 10_000;
/** Shorter than the pause between two probes, so that each probe is let through and finds out whether the panel is back. */
const HALF_OPEN_AFTER_MS = 5000;
const BREAK_AFTER = 5;
const LOOK_UP_MS = 3000;

/** Where panels often are; by IPv6 and beyond these ranges some clouds answer with the secrets of their machines. */
const PRIVATE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'];
const LOOPBACK = ['127.0.0.0/8', '::1/128'];

const SECRETS = 'servers.secrets';

/** The panels of the servers, made when they are asked for and anew when the server has changed. */
@Injectable()
export class PanelsService {
  private readonly made = new Map<string, { revision: number; panel: Panel }>();
  private readonly policies = new Map<string, ResiliencePolicy>();
  private readonly guard: OutboundGuard;

  constructor(
    private readonly registry: Registry,
    private readonly cipher: FieldCipher,
    @Inject(PANELS) private readonly definitions: readonly PanelDefinition[],
    @Inject(CONFIG) config: SharedConfig,
  ) {
    const { NODE_ENV, OUTBOUND_ALLOWED_NETWORKS } = config;
    const privateNetworks = [...PRIVATE, ...(OUTBOUND_ALLOWED_NETWORKS ?? (NODE_ENV === 'production' ? [] : LOOPBACK))];
    this.guard = new OutboundGuard({ privateNetworks, ports: 'any', nameServers: 'system' });
  }

  all(): readonly PanelDefinition[] {
    return this.definitions;
  }

  /** @throws PanelKindUnknown */
  definition(kind: string): PanelDefinition {
    const found = this.definitions.find((one) => one.kind === kind);
    if (!found) throw new PanelKindUnknown(kind);
    return found;
  }

  of(server: ServerWithPanel): Panel {
    const known = this.made.get(server.id);
    if (known?.revision === server.revision) return known.panel;
    const panel = this.make(server, this.secretsOf(server), this.policyOf(server));
    this.made.set(server.id, { revision: server.revision, panel });
    return panel;
  }

  /** One that is not saved yet. Its failures say nothing about the server's own panel. */
  tried(server: Omit<ServerWithPanel, 'revision' | 'secrets'>, secrets: Secrets): Panel {
    return this.make(server, secrets, this.policy(`${server.panelKind} that is tried`));
  }

  /**
   * Everything that can be told without asking the panel.
   * @throws PanelKindUnknown, InvalidFields
   */
  check({ panelKind, settings }: Pick<ServerWithPanel, 'panelKind' | 'settings'>, secrets: Secrets): void {
    const definition = this.definition(panelKind);
    const unknown = Object.keys(secrets).filter((name) => !definition.secrets.includes(name));
    const { error } = definition.settings.safeParse(settings);
    const mistakes = [
      ...(error ? fieldErrorsOf(settings, error.issues, ['settings']) : []),
      ...unknown.map((name) => ({
        pointer: `/secrets/${name}`,
        code: 'unknown_secret',
        detail: { en: 'This panel has no such secret.', ru: 'У этой панели нет такого секрета.' },
      })),
    ];
    if (mistakes.length > 0) throw new InvalidFields(mistakes);
  }

  /** Looks its name up, so no row should be locked meanwhile. @throws AddressRefused */
  async checkAddress(url: string): Promise<void> {
    try {
      await this.guard.lookUp(url, { timeoutMs: LOOK_UP_MS });
    } catch (error) {
      if (!(error instanceof OutboundError)) throw error;
      if (['refused', 'unknown_name'].includes(error.reason)) throw new AddressRefused(error);
    }
  }

  encrypt(serverId: string, secrets: Secrets): string | null {
    if (Object.keys(secrets).length === 0) return null;
    return this.cipher.encrypt(JSON.stringify(secrets), SECRETS, serverId);
  }

  secretsOf({ id, secrets }: Pick<ServerWithPanel, 'id' | 'secrets'>): Secrets {
    return secrets === null ? {} : (JSON.parse(this.cipher.decrypt(secrets, SECRETS, id)) as Secrets);
  }

  private make(
    { id, panelKind, url, settings }: Omit<ServerWithPanel, 'revision' | 'secrets'>,
    secrets: Secrets,
    policy: ResiliencePolicy,
  ): Panel {
    const definition = this.definition(panelKind);
    return definition.create({
      serverId: id,
      url: url.replace(/\/+$/, ''),
      settings: definition.settings.parse(settings),
      secret: (name) => secrets[name],
      policy,
      lookup: this.lookupFor(new URL(url)),
    });
  }

  /** With each connection anew: what a name means may have changed since it was saved. */
  private lookupFor({ protocol, port }: URL): LookupFunction {
    return (hostname, { all }, callback) => {
      this.guard.addressesOf({ protocol, hostname, port }).then(
        (addresses) => (all ? callback(null, addresses) : callback(null, addresses[0]!.address, addresses[0]!.family)),
        (error: NodeJS.ErrnoException) => callback(error, []),
      );
    };
  }

  /** One for each server: another one may well be there when this one is not. */
  private policyOf({ id, panelKind, name }: ServerWithPanel): ResiliencePolicy {
    const known = this.policies.get(id);
    if (known) return known;
    const policy = this.policy(`${panelKind} ${name}`);
    this.policies.set(id, policy);
    return policy;
  }

  private policy(name: string): ResiliencePolicy {
    return new ResiliencePolicy({
      ...{ name, registry: this.registry, timeoutMs: TIMEOUT_MS, isOutage: isPanelOutage },
      ...{ breakAfter: BREAK_AFTER, halfOpenAfterMs: HALF_OPEN_AFTER_MS },
    });
  }
}

/** Why a call to a panel came to nothing, as a word; what it says itself is for logs. */
export function panelErrorOf(error: unknown): string {
  if (error instanceof PanelRefused) return 'refused';
  if (error instanceof PanelDisagrees) return 'disagrees';
  if (error instanceof PanelUnavailable) return error.trouble;
  if (error instanceof UpstreamUnavailable) return 'unreachable';
  return error instanceof UpstreamTimeout || error instanceof PanelDeadline ? 'timed_out' : 'failed';
}
