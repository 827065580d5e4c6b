/** A server as placement sees it. */
export interface Candidate {
  readonly id: string;
  readonly region: string;
  /** People that it may serve. */
  readonly capacity: number;
  /** People that it serves, and that are on their way to it; whoever is placed is none of them. */
  readonly people: number;
  /** Of two that are otherwise alike, one with double the weight gets double the people. */
  readonly weight: number;
  /** Measured, from where the person is or by our own probes; null: not known. */
  readonly latencyMs: number | null;
  readonly isUp: boolean;
  /** It is being emptied: it takes nobody, and whoever is there leaves. */
  readonly isDraining: boolean;
  /** It takes nobody, and whoever is there stays. */
  readonly isClosed?: boolean;
}

export interface Wanted {
  /** Where the person wants to be; null: wherever it is best. */
  readonly region: string | null;
  /** How many servers at a time. */
  readonly servers: number;
  /** Those that serve the person already, and stay where they can. */
  readonly present: readonly string[];
}

/** Beyond so much of its capacity a server is asked only when no other has room. */
const CROWDED = 0.9;
/** A server that is so much slower than the best one is not near. */
const NEAR_MS = 60;

const shareOf = ({ people, capacity, weight }: Candidate): number => people / (capacity * weight);

export const hasRoom = ({ people, capacity, isUp, isDraining, isClosed = false }: Candidate): boolean =>
  isUp && !isDraining && !isClosed && people < capacity;

/**
 * Which servers serve a person: those that do stay, as long as they are up and in the wanted region; the rest are the least busy by
 * their weight in the wanted region, else those that serve the person elsewhere, else the least busy of those that are near. Several are
 * in different regions where the person wants none in particular. Fewer than wanted, or none: there is no room.
 */
export function place(candidates: readonly Candidate[], { region, servers, present }: Wanted): string[] {
  const staying = candidates
    .filter(({ id, isUp, isDraining }) => present.includes(id) && isUp && !isDraining)
    .sort((a, b) => present.indexOf(a.id) - present.indexOf(b.id));
  const isWanted = ({ region: at }: Candidate) => region === null || at === region;
  const chosen = staying.filter(isWanted).slice(0, servers);
  while (chosen.length < servers) {
    const free = candidates.filter((one) => hasRoom(one) && !chosen.includes(one));
    const next =
      leastBusy(free.filter(({ region: at }) => at === region)) ??
      staying.find((one) => !chosen.includes(one)) ??
      leastBusy(nearest(elsewhere(free, chosen)));
    if (!next) break;
    chosen.push(next);
  }
  return chosen.map(({ id }) => id);
}

/** Where nothing else of the person is, if there is room there. */
function elsewhere(free: readonly Candidate[], chosen: readonly Candidate[]): readonly Candidate[] {
  const others = free.filter((one) => !chosen.some((other) => other.region === one.region));
  return others.length > 0 ? others : free;
}

/** Those that are about as near as the nearest that is not crowded. Where nothing is measured, all of them are. */
function nearest(free: readonly Candidate[]): readonly Candidate[] {
  const roomy = free.filter(({ people, capacity }) => people < capacity * CROWDED);
  const pool = roomy.length > 0 ? roomy : free;
  const least = Math.min(...pool.map(({ latencyMs }) => latencyMs ?? Infinity));
  return least === Infinity ? pool : pool.filter(({ latencyMs }) => (latencyMs ?? Infinity) <= least + NEAR_MS);
}

const leastBusy = (pool: readonly Candidate[]): Candidate | undefined =>
  [...pool].sort((a, b) => shareOf(a) - shareOf(b) || byLatency(a, b) || a.id.localeCompare(b.id))[0];

const byLatency = (a: Pick<Candidate, 'latencyMs'>, b: Pick<Candidate, 'latencyMs'>): number =>
  a.latencyMs === b.latencyMs ? 0 : (a.latencyMs ?? Infinity) - (b.latencyMs ?? Infinity);

/** In the order in which people are shown them and apps try them: the fastest that is up first. */
export const fastestFirst = <Server extends Pick<Candidate, 'id' | 'isUp' | 'latencyMs'>>(
  servers: readonly Server[],
): Server[] =>
  [...servers].sort((a, b) => Number(b.isUp) - Number(a.isUp) || byLatency(a, b) || a.id.localeCompare(b.id));
