import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** `up` is towards the server, `down` is back from it. */
export type Direction = 'up' | 'down';
export const DIRECTIONS = ['up', 'down'] as const;

interface Stall {
  readonly lifted: Promise<void>;
  lift(): void;
}

interface Pair {
  readonly far: Socket;
  readonly ended: AbortController;
  /** A firewall has dropped this connection from its memory: it stays open at both ends and carries nothing. */
  forgotten: boolean;
}

/** The network between one process and one server, which can fail in each direction by itself. Loopback only. */
export class Link {
  private readonly server: Server;
  private readonly pairs = new Set<Pair>();
  private passable = true;
  private readonly delayMs = { up: 0, down: 0 };
  /** While a direction is stalled, what waits for it to heal. */
  private readonly stalls: Partial<Record<Direction, Stall>> = {};

  private readonly target: () => number;

  private constructor(target: () => number) {
    this.target = target;
    this.server = createServer({ noDelay: true }, (near) => this.join(near));
  }

  /** @param target the server's port at the moment of each new connection */
  static async to(target: () => number): Promise<Link> {
    const link = new Link(target);
    link.server.listen(0, '127.0.0.1');
    await once(link.server, 'listening');
    return link;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Ends every connection and refuses new ones. */
  cut(): void {
    this.passable = false;
    for (const pair of this.pairs) pair.ended.abort();
  }

  /** Bytes of one direction wait until `heal`, as if every packet were lost. */
  stall(direction: Direction): void {
    let lift = () => {};
    const lifted = new Promise<void>((resolve) => (lift = resolve));
    this.stalls[direction] ??= { lifted, lift: () => lift() };
  }

  /** Each piece of one direction takes this much longer, which also narrows the line. */
  slow(direction: Direction, delayMs: number): void {
    this.delayMs[direction] = delayMs;
  }

  /** Connections of now carry nothing any more, even after `heal`; new ones work. */
  forget(): void {
    for (const pair of this.pairs) pair.forgotten = true;
  }

  /** Ends the server's side of every connection; while `down` is stalled, the process does not hear of it. */
  endAtServer(): void {
    for (const pair of this.pairs) pair.far.destroy();
  }

  heal(): void {
    this.passable = true;
    for (const direction of DIRECTIONS) {
      this.delayMs[direction] = 0;
      this.stalls[direction]?.lift();
      delete this.stalls[direction];
    }
  }

  async close(): Promise<void> {
    this.cut();
    this.heal();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private join(near: Socket): void {
    near.on('error', () => undefined); // followed by "close"
    if (!this.passable) return void near.destroy();
    const far = connect({ host: '127.0.0.1', port: this.target(), noDelay: true });
    far.on('error', () => undefined);
    const pair: Pair = { far, ended: new AbortController(), forgotten: false };
    this.pairs.add(pair);
    pair.ended.signal.addEventListener('abort', () => {
      this.pairs.delete(pair);
      near.destroy();
      far.destroy();
    });
    void this.pump(near, far, 'up', pair);
    void this.pump(far, near, 'down', pair);
  }

  private async pump(from: Socket, to: Socket, direction: Direction, pair: Pair): Promise<void> {
    const { signal } = pair.ended;
    try {
      for await (const bytes of from) {
        await this.passage(direction, pair);
        if (!to.write(bytes as Buffer)) await once(to, 'drain', { signal });
      }
    } catch {
      // One of the ends is gone: so is the pair, below.
    }
    // The end of a connection travels no faster than its bytes.
    await this.passage(direction, pair).catch(() => undefined);
    pair.ended.abort();
  }

  private async passage(direction: Direction, pair: Pair): Promise<void> {
    const { signal } = pair.ended;
    signal.throwIfAborted();
    if (this.delayMs[direction] > 0) await sleep(this.delayMs[direction], undefined, { signal });
    while (this.stalls[direction] && !signal.aborted)
      await Promise.race([this.stalls[direction].lifted, once(signal, 'abort')]);
    if (pair.forgotten && !signal.aborted) await once(signal, 'abort');
    signal.throwIfAborted();
  }
}
