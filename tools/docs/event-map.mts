import { topologyOf } from '@switchboard/bus';
import * as contracts from '@switchboard/contracts';
import type { EventDefinition, SignalDefinition } from '@switchboard/contracts';
import { type AppDefinition, BOTS_KEEPER, GatewayBotsModule } from '@switchboard/service-kit';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../local/workspace.mts';
import { definedServices } from '../services.mts';
import { saidIn } from './said-in.mts';

/** An event, who says it and who hears it. */
export interface EventFacts {
  readonly definition: EventDefinition;
  /** `MessageReceived`: what to search for in the code. */
  readonly constant: string;
  readonly saidBy: readonly string[];
  readonly heardBy: readonly { readonly group: string; readonly ordered: boolean }[];
}

export interface SignalFacts {
  readonly definition: SignalDefinition;
  readonly constant: string;
  readonly saidBy: readonly string[];
  readonly heardBy: readonly string[];
}

/** What services say and hear. */
export interface EventMap {
  readonly events: EventFacts[];
  readonly signals: SignalFacts[];
  /** Groups that hear every event, and are not named with each. */
  readonly hearAll: string[];
}

/** Read from the code itself: what services say from their sources, what they hear from the modules they are built of. */
export async function readEventMap(): Promise<EventMap> {
  const services = (await definedServices()).map(readService);
  const aboutBoth = (definition: EventDefinition | SignalDefinition) => {
    const constant = constantOf(definition);
    return { constant, saidBy: services.filter(({ says }) => says.has(constant)).map(({ name }) => name) };
  };
  return {
    events: contracts.events.map((definition) => ({
      definition,
      ...aboutBoth(definition),
      heardBy: services.flatMap(({ name, hears }) =>
        hears.groups
          .filter(({ events }) => events.includes(definition))
          .map(({ name: group, ordered }) => ({ group: `${name}.${group}`, ordered })),
      ),
    })),
    signals: contracts.signals.map((definition) => ({
      definition,
      ...aboutBoth(definition),
      heardBy: services.filter(({ hears }) => hears.signals.includes(definition)).map(({ name }) => name),
    })),
    hearAll: services.flatMap(({ name, hears }) =>
      hears.groups.filter(({ all }) => all).map(({ name: group }) => `${name}.${group}`),
    ),
  };
}

function readService({ name, module }: AppDefinition) {
  const files = globSync('src/**/*.ts', { cwd: join(root, 'apps', name), exclude: isSpec });
  const says = new Set(files.flatMap((file) => [...saidIn(readFileSync(join(root, 'apps', name, file), 'utf8'))]));
  const hears = topologyOf(module);
  const ofKit = name === BOTS_KEEPER ? [] : topologyOf(GatewayBotsModule).signals;
  return { name, says, hears: { ...hears, signals: [...hears.signals, ...ofKit] } };
}

const isSpec = (path: string) => /\.spec\.ts$/.test(path);

function constantOf(definition: unknown): string {
  const entry = Object.entries(contracts).find(([, value]) => value === definition);
  if (!entry) throw new Error('Everything in the catalogue must be exported by libs/contracts/src/index.ts.');
  return entry[0];
}
