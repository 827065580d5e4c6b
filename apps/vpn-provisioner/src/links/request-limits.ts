import { isIPv6 } from 'node:net';

export const MINUTE_MS = 60_000;
/** Beyond that nobody new is counted until the minute is over: what is known goes on. */
const MOST_NETWORKS = 200_000;

/** By what an address is counted: whoever has one IPv6 address has 2^64 of them. */
export function networkOf(address: string): string {
  const plain = address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
  if (!isIPv6(plain)) return plain;
  const [head = '', tail = ''] = plain.split('::');
  const groups = head.split(':').filter(Boolean);
  const last = tail.split(':').filter(Boolean);
  const zeros = Array.from({ length: Math.max(0, 8 - groups.length - last.length) }, () => '0');
  return `${[...groups, ...zeros, ...last].slice(0, 4).join(':')}::/64`;
}

/** Where a person is about: of IPv4 the 24 bits that change with the provider and not with the hour. */
export const neighbourhoodOf = (network: string): string => network.replace(/\.\d+$/, '.0/24');

/** How much each network has asked for within this minute: of this process, and as far as is known of others. */
export class RequestLimits {
  private counts = new Map<string, number>();
  private fresh = new Map<string, number>();
  private minute = 0;

  constructor(private readonly perMinute: number) {}

  /** @returns whether it has asked for no more than it may */
  pay(network: string, cost: number, now: number): boolean {
    const minute = Math.floor(now / MINUTE_MS);
    if (minute !== this.minute) {
      this.counts = new Map();
      this.fresh = new Map();
      this.minute = minute;
    }
    const used = (this.counts.get(network) ?? 0) + cost;
    if (used > cost || this.counts.size < MOST_NETWORKS) {
      this.counts.set(network, used);
      this.fresh.set(network, (this.fresh.get(network) ?? 0) + cost);
    }
    return used <= this.perMinute;
  }

  /** What was asked for since this was called last. */
  takeNew(): { minute: number; counts: [network: string, cost: number][] } {
    const counts = [...this.fresh];
    this.fresh = new Map();
    return { minute: this.minute, counts };
  }

  /** What all processes together had counted. */
  know(minute: number, network: string, used: number): void {
    if (minute !== this.minute) return;
    this.counts.set(network, Math.max(this.counts.get(network) ?? 0, used + (this.fresh.get(network) ?? 0)));
  }

  /** What was taken and told to nobody. */
  giveBack({ minute, counts }: ReturnType<RequestLimits['takeNew']>): void {
    if (minute !== this.minute) return;
    for (const [network, cost] of counts) this.fresh.set(network, (this.fresh.get(network) ?? 0) + cost);
  }
}

/** Seconds until a new minute begins. */
export const untilNextMinute = (now: number): number => Math.ceil((MINUTE_MS - (now % MINUTE_MS)) / 1000);
