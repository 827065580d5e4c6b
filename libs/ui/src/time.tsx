import { useSyncExternalStore } from 'react';
import { useFormats } from './format';

/** One clock for the page: a timer of its own in each of fifty rows would wake fifty times. */
const clock = {
  now: Date.now(),
  listeners: new Set<() => void>(),
  timer: undefined as ReturnType<typeof setInterval> | undefined,
  subscribe(listener: () => void) {
    clock.listeners.add(listener);
    clock.timer ??= setInterval(() => {
      clock.now = Date.now();
      for (const tell of clock.listeners) tell();
    }, 30_000);
    return () => {
      clock.listeners.delete(listener);
      if (clock.listeners.size > 0) return;
      clearInterval(clock.timer);
      clock.timer = undefined;
    };
  },
};

/** The present, renewed twice a minute. */
export const useNow = (): number =>
  useSyncExternalStore(clock.subscribe, () => (clock.timer === undefined ? (clock.now = latest()) : clock.now));

// Renderings shortly one after the other have to see one value.
const latest = () => (Date.now() - clock.now > 1000 ? Date.now() : clock.now);

/** How long ago or how soon, with the exact moment as its title. */
export function Ago({ at }: { at: string | Date }) {
  const formats = useFormats();
  const now = useNow();
  const moment = new Date(at);
  return (
    <time dateTime={moment.toISOString()} title={formats.exact(moment)}>
      {formats.relative(moment, Math.max(now, Math.min(moment.getTime(), now + 60_000)))}
    </time>
  );
}

/** Day and time, with seconds and zone as its title. */
export function Moment({ at, look = 'dateTime' }: { at: string | Date; look?: 'dateTime' | 'date' | 'time' }) {
  const formats = useFormats();
  const moment = new Date(at);
  return (
    <time dateTime={moment.toISOString()} title={formats.exact(moment)}>
      {formats[look](moment)}
    </time>
  );
}
