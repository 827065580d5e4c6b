import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import {
  confirmed,
  definePanel,
  type Panel,
  type PanelHealth,
  PanelRefused,
  type PanelUser,
  PanelUnavailable,
  type SeenUser,
} from '../src/panels/panel';

type HeldUser = { -readonly [Field in keyof PanelUser]: PanelUser[Field] } & { usedBytes: number };

/** A panel of a spec's own: what it holds is seen, and how it behaves is set by the spec. */
export class PretendedPanel {
  readonly users = new Map<string, HeldUser>();
  readonly calls: { readonly operation: string; readonly name?: string }[] = [];
  /** `dead`: nobody answers; `deaf`: it does what it is asked, and its answer is lost. */
  power: 'up' | 'dead' | 'deaf' = 'up';
  /** It refuses everybody, for good. */
  refuses = false;
  /** It says yes, and keeps another limit. */
  lies = false;
  delayMs = 0;
  /** The most calls about users that it had to answer side by side. */
  mostAtOnce = 0;
  private atOnce = 0;
  /** Called before each answer. */
  onCall: (operation: string, name?: string) => Promise<void> | void = () => undefined;

  /** Somebody transfers something. */
  use(name: string, bytes: number): void {
    this.users.get(name)!.usedBytes += bytes;
  }

  /** Those who are let in. */
  get active(): string[] {
    return [...this.users.values()].filter(({ enabled }) => enabled).map(({ name }) => name);
  }

  async answer<T>(operation: string, name: string | undefined, work: () => T): Promise<T> {
    this.calls.push({ operation, ...(name !== undefined && { name }) });
    const counted = name === undefined ? 0 : 1;
    this.atOnce += counted;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.atOnce);
    try {
      if (this.delayMs > 0) await sleep(this.delayMs);
      if (this.power === 'dead') throw new PanelUnavailable('unreachable', 'nobody answers');
      await this.onCall(operation, name);
      const answer = work();
      if (this.power === 'deaf') throw new PanelUnavailable('unreachable', 'the connection broke');
      return answer;
    } finally {
      this.atOnce -= counted;
    }
  }
}

const panels = new Map<string, PretendedPanel>();

/** The panel at an address. */
export function panelAt(url: string): PretendedPanel {
  const known = panels.get(url);
  if (known) return known;
  const made = new PretendedPanel();
  panels.set(url, made);
  return made;
}

const seenOf = ({ usedBytes, ...user }: HeldUser): SeenUser => {
  const isServed =
    user.enabled && user.expiresAt.getTime() > Date.now() - 86_400_000 && usedBytes < (user.limitBytes ?? Infinity);
  return { ...user, usedBytes, isServed, onlineAt: null };
};

export const pretended = definePanel({
  kind: 'pretended',
  settings: z.strictObject({ inbound: z.string().optional() }),
  secrets: ['password'],
  lacks: [],
  create({ url }): Panel {
    const panel = panelAt(url);
    return {
      async ensure(user) {
        const seen = await panel.answer('ensure', user.name, () => {
          if (panel.refuses) throw new PanelRefused('the inbound is disabled');
          const usedBytes = panel.users.get(user.name)?.usedBytes ?? 0;
          const limitBytes = panel.lies ? 1 : user.limitBytes;
          panel.users.set(user.name, { ...user, limitBytes, usedBytes });
          return seenOf(panel.users.get(user.name)!);
        });
        // A clock of the spec may be ahead of ours.
        return confirmed(user, seen, ['expiry']);
      },
      read: (name) =>
        panel.answer('read', name, () => {
          const user = panel.users.get(name);
          return user && seenOf(user);
        }),
      remove: (name) => panel.answer('remove', name, () => void panel.users.delete(name)),
      async *list() {
        yield* await panel.answer('list', undefined, () => [...panel.users.values()].map(seenOf));
      },
      health: (): Promise<PanelHealth> =>
        panel.answer('health', undefined, () => {
          return { version: '1.0', onlineUsers: panel.active.length, cpu: 0.1, memory: 0.2 };
        }),
    };
  },
});
