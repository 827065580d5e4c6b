import { type Candidate, hasRoom, place } from '../placement/placement';
import type { KeyState } from './access-key.entity';

export interface HeldKey {
  readonly serverId: string;
  readonly state: KeyState;
  readonly occupies: boolean;
  /** Its panel will not have it. */
  readonly isRefused: boolean;
}

export interface OpenMove {
  readonly id: string;
  readonly from: string;
  /** Null: there was no room yet. */
  readonly to: string | null;
}

export interface Owed {
  readonly region: string | null;
  readonly servers: number;
  readonly keys: readonly HeldKey[];
  readonly moves: readonly OpenMove[];
  /** Not served by this one any more, where another has room. */
  readonly leave?: string | undefined;
}

/** What becomes another than it was. */
export interface Assignment {
  /** Servers that are to serve from now on. */
  readonly add: readonly string[];
  /** Servers that are not to serve any more, at once. */
  readonly drop: readonly string[];
  /** Servers that go on until the other is ready. */
  readonly moves: readonly { readonly from: string; readonly to: string }[];
  /** Moves under way that get another target. */
  readonly redirected: readonly { readonly id: string; readonly to: string }[];
  /** Moves under way that are not needed any more: others serve already, and their source is dropped as well. */
  readonly ended: readonly string[];
}

/**
 * By which servers an access is to be served, against those by which it is. What serves goes on until what follows it is ready, and
 * what cannot be followed by anything stays as it is.
 */
export function assign(candidates: readonly Candidate[], { region, servers, keys, moves, leave }: Owed): Assignment {
  const going = new Set(moves.map(({ from }) => from));
  const current = keys
    .filter(({ state, serverId }) => state !== 'leaving' && !going.has(serverId))
    .sort((a, b) => Number(b.state === 'serving') - Number(a.state === 'serving'));
  const others = candidates.map((one) => {
    const key = keys.find(({ serverId }) => serverId === one.id);
    // A server that the access is just leaving is none to go to.
    const isUnusable = one.id === leave || key?.isRefused || going.has(one.id);
    return { ...one, people: one.people - Number(key?.occupies ?? false), isUp: one.isUp && !isUnusable };
  });
  const stays = ({ serverId, occupies }: HeldKey) =>
    others.some((one) => one.id === serverId && (occupies || hasRoom(one)));
  const present = current.filter(stays).map(({ serverId }) => serverId);
  const chosen = place(others, { region, servers, present });

  const add = chosen.filter((id) => !current.some(({ serverId }) => serverId === id));
  const gone = current.filter(({ serverId }) => !chosen.includes(serverId));
  const waiting = moves.filter(({ to }) => to === null);
  const opened: { from: string; to: string }[] = [];
  const redirected: { id: string; to: string }[] = [];
  const drop: string[] = [];
  for (const to of add) {
    const move = waiting.shift();
    if (move) {
      redirected.push({ id: move.id, to });
      continue;
    }
    const key = gone.shift();
    if (!key) continue;
    if (key.state === 'serving') {
      opened.push({ from: key.serverId, to });
      continue;
    }
    // Nobody has been shown this one yet.
    drop.push(key.serverId);
    const toIt = moves.find((one) => one.to === key.serverId);
    if (toIt) redirected.push({ id: toIt.id, to });
  }
  // Some of those without a successor are simply too many; the others are better than nothing.
  const tooMany = gone.slice(Math.max(0, servers - chosen.length));
  drop.push(...tooMany.map(({ serverId }) => serverId));
  const pointless = moves.filter(({ id, to }) => {
    const isRedirected = redirected.some((one) => one.id === id);
    return !isRedirected && (to === null ? chosen.length >= servers : drop.includes(to));
  });
  return {
    ...{ add, moves: opened, redirected, ended: pointless.map(({ id }) => id) },
    drop: [...drop, ...pointless.map(({ from }) => from)],
  };
}
