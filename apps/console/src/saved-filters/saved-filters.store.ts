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
  all: read(),
  set(all: readonly SavedFilter[]): void {
    store.all = all;
    try {
      localStorage.setItem(STORED_AS, JSON.stringify(all));
    } catch {
      // They count until the page is closed.
    }
    for (const listener of store.listeners) listener();
  },
};

function read(): readonly SavedFilter[] {
  try {
    return JSON.parse(localStorage.getItem(STORED_AS) ?? '[]') as SavedFilter[];
  } catch {
    return [];
  }
}

export const keepSavedFilters = (all: readonly SavedFilter[]): void => store.set(all);

export const useSavedFilters = (): readonly SavedFilter[] =>
  useSyncExternalStore(
    (listener) => {
      store.listeners.add(listener);
      return () => store.listeners.delete(listener);
    },
    () => store.all,
  );
