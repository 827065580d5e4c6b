/** A server as far as its costs and its room go. */
export interface RegionServer {
  readonly id: string;
  readonly capacity: number;
  readonly monthlyCostMinor: number;
  readonly currency: string;
}

export interface CapacityAdvice {
  readonly kind: 'add' | 'drop';
  /** Which one to drop. */
  readonly serverId?: string;
  /** At the highest of the coming week, as things are. */
  readonly expectedPercent: number;
  /** What it costs, or saves. */
  readonly monthlyCostMinor: number;
  readonly currency: string;
}

/** From there on a server that is added in time is one that is needed. */
export const ADD_FROM_PERCENT = 80;
/** What is left has to stay well below that, or the one that was dropped would be missed the week after. */
export const DROP_UP_TO_PERCENT = 60;

/**
 * Whether a region needs one server more, or could do with one less. Added is one like the cheapest by its room; dropped is the one
 * that saves most of those that can be spared, as long as another is left.
 * @param expected people at the highest of the coming week
 */
export function adviceFor(servers: readonly RegionServer[], expected: number): CapacityAdvice | undefined {
  const capacity = servers.reduce((sum, server) => sum + server.capacity, 0);
  if (capacity === 0) return undefined;
  const expectedPercent = Math.round((expected * 100) / capacity);
  if (expected * 100 >= capacity * ADD_FROM_PERCENT) {
    const like = servers
      .filter(hasRoom)
      .toSorted((a, b) => a.monthlyCostMinor / a.capacity - b.monthlyCostMinor / b.capacity)[0]!;
    return { kind: 'add', expectedPercent, monthlyCostMinor: like.monthlyCostMinor, currency: like.currency };
  }
  const spare = servers
    .filter((server) => hasRoom(server) && expected * 100 <= (capacity - server.capacity) * DROP_UP_TO_PERCENT)
    .toSorted(
      (a, b) => b.monthlyCostMinor - a.monthlyCostMinor || a.capacity - b.capacity || a.id.localeCompare(b.id),
    )[0];
  if (!spare || servers.filter(hasRoom).length < 2) return undefined;
  return {
    ...{ kind: 'drop', serverId: spare.id, expectedPercent },
    ...{ monthlyCostMinor: spare.monthlyCostMinor, currency: spare.currency },
  };
}

const hasRoom = ({ capacity }: RegionServer) => capacity > 0;
