import { useState } from 'react';
import { remembered } from './remembered';

export const themes = ['auto', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];

const chosen = remembered('phone.theme', themes);

/** The colours follow `color-scheme` through CSS `light-dark()`, so this one attribute is all there is to a theme. */
function wear(theme: Theme): void {
  document.documentElement.dataset.theme = theme;
}

wear(chosen.read() ?? 'auto');

export function useTheme(): [Theme, (theme: Theme) => void] {
  const [theme, setTheme] = useState<Theme>(chosen.read() ?? 'auto');
  return [
    theme,
    (next) => {
      chosen.write(next);
      wear(next);
      setTheme(next);
    },
  ];
}
