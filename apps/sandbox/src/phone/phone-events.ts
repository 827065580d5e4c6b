import type { Response } from 'express';
import type { Feed, Happening } from '../telegram/feed';
import type { Person, TelegramState } from '../telegram/state';
import { eventOnPhone } from './phone-view';

/** Enough for a phone that lost its connection for a moment; one that was away for longer reads everything again. */
const KEPT = 200;
/** Proxies and browsers give up on streams that are silent for about a minute. */
const HEARTBEAT_MS = 20_000;

interface Sent {
  id: number;
  line: string;
}

/** Server-sent events, one stream per open phone. */
export class PhoneEvents {
  /** Starting at the clock keeps ids of an earlier process from being taken for this one's. */
  private lastId = Date.now();
  private readonly kept = new Map<number, Sent[]>();
  private readonly streams = new Map<Response, number>();
  private readonly stopFollowing: () => void;

  constructor(
    private readonly state: TelegramState,
    feed: Feed,
  ) {
    this.stopFollowing = feed.follow((happening) => this.tell(happening));
  }

  open(person: Person, res: Response, lastEventId: number): void {
    res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache', 'X-Accel-Buffering': 'no' });
    res.write(': open\n\n');
    const missed = (this.kept.get(person.id) ?? []).filter(({ id }) => lastEventId > 0 && id > lastEventId);
    missed.forEach(({ line }) => res.write(line));
    const heartbeat = setInterval(() => res.write(': still here\n\n'), HEARTBEAT_MS);
    this.streams.set(res, person.id);
    res.once('close', () => {
      clearInterval(heartbeat);
      this.streams.delete(res);
    });
  }

  close(): void {
    this.stopFollowing();
    this.streams.forEach((_person, res) => res.end());
  }

  private tell(happening: Happening): void {
    for (const id of happening.conversation.people) {
      const person = this.state.people.get(id);
      const event = person && eventOnPhone(this.state, person, happening);
      if (event) this.send(id, `data: ${JSON.stringify(event)}\n\n`);
    }
  }

  private send(person: number, data: string): void {
    const sent = { id: ++this.lastId, line: `id: ${this.lastId}\n${data}` };
    const kept = [...(this.kept.get(person) ?? []), sent].slice(-KEPT);
    this.kept.set(person, kept);
    this.streams.forEach((owner, res) => {
      if (owner === person) res.write(sent.line);
    });
  }
}
