import { type ComponentType, lazy, type LazyExoticComponent } from 'react';

/** A part of a page that is loaded when it is first shown, such as a tab that few people open. */
export const lazyPart = <Name extends string, Props>(
  load: () => Promise<Record<Name, ComponentType<Props>>>,
  name: Name,
): LazyExoticComponent<ComponentType<Props>> => lazy(async () => ({ default: (await load())[name] }));
