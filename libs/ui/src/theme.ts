import { useSyncExternalStore } from 'react';
import { remembered } from './remembered';

export const themes = ['system', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];

const chosen = remembered('switchboard.theme', themes);
const listeners = new Set<() => void>();
let current: Theme = chosen.read() ?? 'system';

/** Colours follow `color-scheme` through CSS `light-dark()`, so this one attribute is all there is to a theme. */
function apply(theme: Theme): void {
  document.documentElement.dataset['theme'] = theme;
}
apply(current);

/** @param isKept false for what counts until the page is closed, as the looks of an app that shows the page inside itself */
export function setTheme(theme: Theme, { isKept = true } = {}): void {
  current = theme;
  if (isKept) chosen.write(theme);
  apply(theme);
  for (const listener of listeners) listener();
}

export function useTheme(): Theme {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => current,
  );
}
