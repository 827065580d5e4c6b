import type { PhoneEvent } from '../../src/phone/phone.api';
import { eventsUrl } from './api';

const reopenAfterMs = 2_000;

export interface Listener {
  event(event: PhoneEvent): void;
  /** Each time the stream stands, also after a break: what was missed has to be read again. */
  opened(): void;
  lost(): void;
}

/** Follows what happens on a person's phone until the returned function is called. */
export function follow(person: number, listener: Listener): () => void {
  let source: EventSource;
  let timer: number | undefined;

  const open = () => {
    source = new EventSource(eventsUrl(person));
    source.onopen = () => listener.opened();
    source.onmessage = ({ data }: MessageEvent<string>) => listener.event(JSON.parse(data) as PhoneEvent);
    source.onerror = () => {
      listener.lost();
      // After a dropped connection the browser reconnects by itself; after an error status it gives up for good.
      if (source.readyState === EventSource.CLOSED) timer = window.setTimeout(open, reopenAfterMs);
    };
  };

  open();
  return () => {
    window.clearTimeout(timer);
    source.close();
  };
}
