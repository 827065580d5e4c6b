import { ResiliencePolicy } from '@switchboard/service-kit';
import { Registry } from 'prom-client';
import { type HetznerControl, SandboxClient } from '../../sandbox/src/client';
import { startSandbox } from '../../sandbox/src/sandbox';
import { type Cloud, type CloudDefinition, isCloudOutage } from '../src/clouds/cloud';

type FaultRule = Parameters<SandboxClient['setFaults']>[number];

/** What somebody can do with an account by hand, whichever cloud it is with. */
export type CloudByHand = Pick<
  HetznerControl,
  'servers' | 'addServers' | 'removeServer' | 'setStock' | 'setLimit' | 'calls'
>;

/** One kind of cloud, as it lives in the sandbox. */
export interface CloudWorld {
  readonly definition: CloudDefinition;
  /** Its name in the sandbox. */
  readonly party: string;
  readonly apiRoot: (address: string) => string;
  readonly settings: object;
  readonly secrets: Readonly<Record<string, string>>;
  byHand(client: SandboxClient): CloudByHand;
}

const TIMEOUT_MS = 2000;

export async function startClouds({ definition, party, apiRoot, settings, secrets, byHand }: CloudWorld) {
  const sandbox = await startSandbox({ pace: 0.05 });
  const client = new SandboxClient(sandbox.url);

  function cloudOf(
    other: { secrets?: Readonly<Record<string, string>>; settings?: object; timeoutMs?: number } = {},
  ): Cloud {
    const all: Record<string, string> = { ...secrets, ...other.secrets };
    const { timeoutMs = TIMEOUT_MS } = other;
    const policy = new ResiliencePolicy({
      ...{ name: party, registry: new Registry(), timeoutMs, isOutage: isCloudOutage },
      // What is tried again by itself hides what a single call does.
      ...{ retries: 0, breakAfter: 10_000 },
    });
    return definition.create({
      settings: definition.settings.parse({ ...settings, ...other.settings }),
      secret: (name) => all[name],
      apiRoot: apiRoot(sandbox.addresses[party]!),
      policy,
    });
  }

  return {
    url: sandbox.url,
    client,
    cloud: cloudOf(),
    cloudOf,
    byHand: byHand(client),
    misbehave: (target: string, kind: string, more: Omit<FaultRule, 'target' | 'kind'> = {}) =>
      client.addFaults({ target: `${party}.${target}`, kind, ...more }),
    /** As it should again. */
    behave: () => client.setFaults(),
    reset: () => client.reset(),
    close: () => sandbox.close(),
  };
}
