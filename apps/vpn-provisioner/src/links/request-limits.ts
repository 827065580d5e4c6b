import { isIPv6 } from 'node:net';

const MINUTE_MS = 60_000;
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

/** How much each network has asked for within this minute, in this process. */
export class RequestLimits {
  private counts = new Map<string, number>();
  private minute = 0;

  constructor(private readonly perMinute: number) {}

  /** @returns whether it has asked for no more than it may */
  pay(network: string, cost: number, now: number): boolean {
    const minute = Math.floor(now / MINUTE_MS);
    if (minute !== this.minute) {
      this.counts = new Map();
      this.minute = minute;
    }
    const used = (this.counts.get(network) ?? 0) + cost;
    if (used > cost || this.counts.size < MOST_NETWORKS) this.counts.set(network, used);
    return used <= this.perMinute;
  }
}

/** Seconds until a new minute begins. */
export const untilNextMinute = (now: number): number => Math.ceil((MINUTE_MS - (now % MINUTE_MS)) / 1000);
