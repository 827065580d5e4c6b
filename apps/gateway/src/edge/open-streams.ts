import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import type { RouteDefinition } from '@switchboard/contracts';
import { HttpProblem, type PeriodicTask, PeriodicTasks, type RunningTask } from '@switchboard/service-kit';
import type { ServerResponse } from 'node:http';
import { Gauge, Registry } from 'prom-client';
import type { Principal } from '../access/principal';
import { PrincipalsService } from '../access/principals.service';

export const EndStreams: PeriodicTask = {
  name: 'end-streams',
  everyMs: 2000,
  purpose: 'Ends streams of events of whoever has signed out, or may not read them any more.',
};

/** Of one session or key at once; a browser has some pages open. */
const MOST = 10;
/** Uploads and downloads of one caller or network at once: whoever reads them slowly takes no service away from others. */
const MOST_TRANSFERS = 32;
const RETRY_AFTER_S = 30;

interface Stream {
  readonly principal: Principal;
  readonly route: RouteDefinition;
  readonly botId: string | undefined;
  readonly response: ServerResponse;
}

/**
 * Answers that go on for as long as somebody looks. Who asks was found out when they began, so it is looked at again: a stream ends
 * with the session, the key or the permission by which it was let in. An open stream keeps no session from ending by being idle.
 */
@Injectable()
export class OpenStreams implements OnModuleInit, OnModuleDestroy {
  private readonly streams = new Set<Stream>();
  private readonly perOwner = new OpenAnswers(MOST);
  private readonly transfers = new OpenAnswers(MOST_TRANSFERS);
  private task: RunningTask | undefined;

  constructor(
    private readonly principals: PrincipalsService,
    private readonly tasks: PeriodicTasks,
    registry: Registry,
  ) {
    const { streams } = this;
    new Gauge({
      name: 'gateway_open_streams',
      help: 'Streams of events that somebody outside follows now.',
      registers: [registry],
      collect() {
        this.set(streams.size);
      },
    });
  }

  onModuleInit(): void {
    this.task = this.tasks.start(EndStreams, { run: () => this.endOthers() });
  }

  async onModuleDestroy(): Promise<void> {
    await this.task?.stop();
  }

  /** @throws HttpProblem 429 for one who has so many already */
  add(stream: Stream): void {
    // Nothing would tell of its end any more.
    if (stream.response.destroyed) return;
    this.perOwner.add(ownerOf(stream.principal), stream.response);
    this.streams.add(stream);
    stream.response.once('close', () => this.streams.delete(stream));
  }

  /**
   * @param subject the caller, or the network of one who is not known
   * @throws HttpProblem 429 for one who has so many already
   */
  addTransfer(subject: string, response: ServerResponse): void {
    if (!response.destroyed) this.transfers.add(subject, response);
  }

  private async endOthers(): Promise<void> {
    const all = [...this.streams];
    if (all.length === 0) return;
    const allowed = await this.principals.stillAllowed(all);
    for (const stream of all) if (!allowed.has(stream)) stream.response.destroy();
  }
}

const ownerOf = ({ kind, id, session }: Principal) => session?.id ?? `${kind} ${id}`;

/** How many answers of each owner have not ended. */
class OpenAnswers {
  private readonly counts = new Map<string, number>();

  constructor(private readonly most: number) {}

  /** @throws HttpProblem 429 */
  add(owner: string, response: ServerResponse): void {
    const count = this.counts.get(owner) ?? 0;
    if (count >= this.most) throw new HttpProblem('too_many_requests', { retryAfter: RETRY_AFTER_S });
    this.counts.set(owner, count + 1);
    response.once('close', () => {
      const left = this.counts.get(owner)! - 1;
      if (left > 0) this.counts.set(owner, left);
      else this.counts.delete(owner);
    });
  }
}
