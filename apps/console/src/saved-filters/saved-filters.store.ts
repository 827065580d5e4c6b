import { useSyncExternalStore } from 'react';

export interface SavedFilter {
  readonly path: string;
  readonly name: string;
  /** `?bot=lumen&outcome=failed` */
  readonly search: string;
}

const STORED_AS = 'switchboard.saved-filters';

/** Kept by the browser: they are a person's shortcuts, as bookmarks are. */
const store = {
  listeners: new Set<() => void>(),
  all: read() ?? [],
  set(all: readonly SavedFilter[]): void {
    store.all = all;
    for (const listener of store.listeners) listener();
  },
};

// Another tab has changed them.
window.addEventListener('storage', ({ key }) => {
  if (key === STORED_AS || key === null) store.set(read() ?? []);
});

/** `undefined` where the browser keeps nothing. */
function read(): readonly SavedFilter[] | undefined {
  try {
    return JSON.parse(localStorage.getItem(STORED_AS) ?? '[]') as SavedFilter[];
  } catch {
    return undefined;
  }
}

/** @param change applied to what is kept now: another tab may have saved one meanwhile */
export function changeSavedFilters(change: (all: readonly SavedFilter[]) => readonly SavedFilter[]): void {
  const all = change(read() ?? store.all);
  try {
    localStorage.setItem(STORED_AS, JSON.stringify(all));
  } catch {
    // They count until the page is closed.
  }
  store.set(all);
}

export const isSameFilter = (one: SavedFilter, other: SavedFilter): boolean =>
  one.path === other.path && one.name === other.name;

export const useSavedFilters = (): readonly SavedFilter[] =>
  useSyncExternalStore(
    (listener) => {
      store.listeners.add(listener);
      return () => store.listeners.delete(listener);
    },
    () => store.all,
  );
