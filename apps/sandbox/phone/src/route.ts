import { useSyncExternalStore } from 'react';

export interface Route {
  person?: number;
  chat?: number;
  /** Payload of a deep link; an empty string starts the bot without one. */
  start?: string;
}

/** `#person=1001&chat=2001` says whose phone and which chat; `start` may stand in the hash or in the query. */
export function parseRoute(hash: string, search: string): Route {
  const fromHash = new URLSearchParams(hash.replace(/^#/, ''));
  const start = fromHash.get('start') ?? new URLSearchParams(search).get('start');
  return {
    ...integer('person', fromHash.get('person')),
    ...integer('chat', fromHash.get('chat')),
    ...(start === null ? {} : { start }),
  };
}

export function routeHash({ person, chat }: Route): string {
  const parts = [person && `person=${person}`, person && chat && `chat=${chat}`].filter(Boolean);
  return `#${parts.join('&')}`;
}

export function go(route: Route): void {
  location.hash = routeHash(route);
}

/** Takes the payload out of the address, so that neither a reload nor the way back starts the bot again. */
export function takeStart(): string | undefined {
  const route = parseRoute(location.hash, location.search);
  if (route.start !== undefined) history.replaceState(null, '', location.pathname + routeHash(route));
  return route.start;
}

export function useRoute(): Route {
  const address = useSyncExternalStore(
    (changed) => {
      addEventListener('hashchange', changed);
      return () => removeEventListener('hashchange', changed);
    },
    () => location.hash,
  );
  return parseRoute(address, location.search);
}

function integer(key: 'person' | 'chat', value: string | null): Route {
  return value && /^-?\d+$/.test(value) ? { [key]: Number(value) } : {};
}
