import type { KeyboardEvent } from 'react';

/** Up, Down, Home and End move the focus between the buttons of a list. */
export function moveFocus(event: KeyboardEvent<HTMLElement>): void {
  const stops = [...event.currentTarget.querySelectorAll<HTMLElement>('button:not(:disabled)')];
  const at = stops.indexOf(document.activeElement as HTMLElement);
  const target = {
    ArrowDown: stops[at + 1],
    ArrowUp: stops[at - 1],
    Home: stops[0],
    End: stops.at(-1),
  }[event.key];
  if (!target) return;
  event.preventDefault();
  target.focus();
}
