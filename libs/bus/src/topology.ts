import type { DynamicModule, ForwardReference, Type } from '@nestjs/common';
import { MODULE_METADATA } from '@nestjs/common/constants';
import { MetadataScanner } from '@nestjs/core';
import { PATTERN_EXTRAS_METADATA } from '@nestjs/microservices/constants';
import { type EventDefinition, type SignalDefinition, versionsReadAs } from '@switchboard/contracts';
import type { HandlerExtras } from './handles.decorator';

/** What a service hears. */
export interface Topology {
  /** Its consumer groups; the queue of each is `<service>.<name>`. */
  readonly groups: readonly {
    readonly name: string;
    readonly ordered: boolean;
    /** None for a group that hears every event. */
    readonly events: EventDefinition[];
    readonly all?: true;
  }[];
  readonly signals: readonly SignalDefinition[];
}

type ModuleReference = Type | DynamicModule | ForwardReference<() => Type>;

/** Reads what a service hears from the decorators of its modules, without starting it. */
export function topologyOf(module: Type): Topology {
  const groups = new Map<string, Topology['groups'][number]>();
  const signals = new Set<SignalDefinition>();
  for (const { kind, definition, group } of [...controllersOf(module)].flatMap(handlersOf)) {
    if (kind === 'signal') {
      signals.add(definition as SignalDefinition);
      continue;
    }
    if (!group) throw new Error(`The class that hears ${definition?.type ?? 'every event'} lacks @Consumer('group')`);
    const { name, ordered } = group;
    const known = groups.get(name) ?? { name, ordered, events: [], ...(!definition && { all: true as const }) };
    const versions = definition ? versionsReadAs(definition as EventDefinition).keys() : [];
    for (const version of versions) {
      if (!known.events.includes(version)) known.events.push(version);
    }
    groups.set(name, known);
  }
  return { groups: [...groups.values()], signals: [...signals] };
}

function controllersOf(reference: ModuleReference, seen = new Set<unknown>(), found = new Set<Type>()): Set<Type> {
  const module = 'forwardRef' in reference ? reference.forwardRef() : reference;
  if (seen.has(module)) return found;
  seen.add(module);
  if ('module' in module) {
    for (const controller of module.controllers ?? []) found.add(controller);
    for (const imported of module.imports ?? []) controllersOf(imported as ModuleReference, seen, found);
    return controllersOf(module.module, seen, found);
  }
  for (const controller of metadata<Type>(MODULE_METADATA.CONTROLLERS, module)) found.add(controller);
  for (const imported of metadata<ModuleReference>(MODULE_METADATA.IMPORTS, module))
    controllersOf(imported, seen, found);
  return found;
}

const metadata = <T>(key: string, module: Type) => (Reflect.getMetadata(key, module) ?? []) as T[];

function handlersOf({ prototype }: Type): HandlerExtras[] {
  const methods = prototype as Record<string, object>;
  return new MetadataScanner().getAllMethodNames(methods).flatMap((name) => {
    const extras = Reflect.getMetadata(PATTERN_EXTRAS_METADATA, methods[name]!) as { bus?: HandlerExtras } | undefined;
    return extras?.bus ?? [];
  });
}
