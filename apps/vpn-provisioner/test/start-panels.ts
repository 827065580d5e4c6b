import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { ResiliencePolicy } from '@switchboard/service-kit';
import { Registry } from 'prom-client';
import { type PanelServerControl, SandboxClient } from '../../sandbox/src/client';
import { selfSignedCertificate, startSandbox } from '../../sandbox/src/sandbox';
import { isPanelOutage, type Panel, type PanelDefinition } from '../src/panels/panel';

type SeenPanelServer = Awaited<ReturnType<ReturnType<SandboxClient['panels']>['servers']>>[number];
type FaultRule = Parameters<SandboxClient['setFaults']>[number];

/** One kind of panel in one of its versions, as it lives in the sandbox. */
export interface PanelWorld {
  readonly definition: PanelDefinition;
  /** Its name in the sandbox. */
  readonly party: string;
  readonly version?: string;
  /** What staff write down of a server. */
  setUp(account: Readonly<Record<string, string>>): {
    readonly url: string;
    readonly settings: object;
    readonly secrets: Readonly<Record<string, string>>;
  };
  readonly wrongSecrets: Readonly<Record<string, string>>;
  /** Sessions are begun with a password, and end. */
  readonly signsIn?: true;
  /** One certificate is trusted, whoever has signed it. */
  readonly pinsCertificate?: true;
  /** How it refuses what it will always refuse, as it was seen, and the words of it that staff have to see. */
  readonly refusal: {
    readonly answer: { readonly status: number; readonly body: string | object };
    readonly words: string;
  };
}

/** A server of its own for one test, with the adapter that is under test and a hand on the server itself. */
export interface PanelUnderTest {
  readonly panel: Panel;
  readonly byHand: PanelServerControl;
  readonly account: Readonly<Record<string, string>>;
  /** Another adapter of the same server, as after a restart of the service. */
  again(other?: {
    secrets?: Readonly<Record<string, string>>;
    account?: Readonly<Record<string, string>>;
    /** Where the same address leads to somebody else. */
    origin?: string;
    timeoutMs?: number;
  }): Panel;
  misbehave(
    ...faults: (Omit<FaultRule, 'target' | 'answer'> & { target: string; answer?: object })[]
  ): Promise<unknown>;
  /** As it should again. */
  behave(): Promise<unknown>;
}

/** Long enough on a busy machine, and short enough to be waited for. */
const TIMEOUT_MS = 2000;

type Living = Pick<PanelWorld, 'definition' | 'party' | 'version' | 'setUp'>;

export async function startPanels({ definition, party, version, setUp }: Living) {
  const sandbox = await startSandbox();
  const client = new SandboxClient(sandbox.url);
  let servers = 0;

  function panelOf(
    account: SeenPanelServer['account'],
    { secrets = {}, timeoutMs = TIMEOUT_MS, origin }: { secrets?: object; timeoutMs?: number; origin?: string } = {},
  ): Panel {
    const { url: own, settings, secrets: known } = setUp(account);
    const url = origin === undefined ? own : own.replace(new URL(own).origin, origin);
    const all: Record<string, string> = { ...known, ...secrets };
    const registry = new Registry();
    const policy = new ResiliencePolicy({
      ...{ name: party, registry, timeoutMs, isOutage: isPanelOutage },
      // What is tried again by itself hides what a single call does.
      ...{ retries: 0, breakAfter: 10_000 },
    });
    const serverId = crypto.randomUUID();
    const read = definition.settings.parse(settings);
    return definition.create({ serverId, url, settings: read, secret: (name) => all[name], policy });
  }

  return {
    async server(): Promise<PanelUnderTest> {
      await client.setFaults();
      const name = `server-${++servers}`;
      const { account } = await client.panels(party).addServer({ name, ...(version && { version }) });
      return {
        panel: panelOf(account),
        byHand: client.panels(party).server(name),
        account,
        again: ({ account: other = account, ...more } = {}) => panelOf(other, more),
        misbehave: (...faults) =>
          client.addFaults(
            ...faults.map((fault) => ({ ...fault, target: `${party}.${fault.target}`, server: name }) as FaultRule),
          ),
        behave: () => client.setFaults(),
      };
    },
    close: () => sandbox.close(),
  };
}

/** Who answers in the place of a panel, with a certificate that nobody has signed. */
export async function startStranger() {
  const asked: (string | undefined)[] = [];
  const server = createServer(await selfSignedCertificate('127.0.0.1'), ({ url }, response) => {
    asked.push(url);
    response.end('{}');
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { origin: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, close };
}
