/** What can be had, and where. Prices are made up; their form is the real one. */

export const LOCATIONS = [
  location(1, 'fsn1', 'DE', 'Falkenstein', 'eu-central', 50.47612, 12.370071),
  location(2, 'nbg1', 'DE', 'Nuremberg', 'eu-central', 49.452102, 11.076665),
  location(3, 'hel1', 'FI', 'Helsinki', 'eu-central', 60.169855, 24.938379),
  location(4, 'ash', 'US', 'Ashburn, VA', 'us-east', 39.045821, -77.487073),
  location(6, 'sin', 'SG', 'Singapore', 'ap-southeast', 1.283333, 103.833333),
];

function location(
  id: number,
  name: string,
  country: string,
  city: string,
  network_zone: string,
  latitude: number,
  longitude: number,
) {
  return { id, name, description: city, country, city, latitude, longitude, network_zone };
}

const TB = 1024 ** 4;
const EUROPE = { fsn1: 0, nbg1: 0, hel1: 0 };
const EVERYWHERE = { ...EUROPE, ash: 1, sin: 2 };

interface ServerTypeSeed {
  readonly id: number;
  readonly name: string;
  readonly cores: number;
  readonly memory: number;
  readonly disk: number;
  readonly architecture?: 'x86' | 'arm';
  /** A month in Europe, without tax, in ten thousandths of a euro; elsewhere it is more. */
  readonly price: number;
  readonly at: Readonly<Record<string, number>>;
  readonly isGone?: true;
}

const SEEDS: readonly ServerTypeSeed[] = [
  { id: 22, name: 'cx22', cores: 2, memory: 4, disk: 40, price: 37_900, at: EUROPE, isGone: true },
  { id: 114, name: 'cx23', cores: 2, memory: 4, disk: 40, price: 34_900, at: EUROPE },
  { id: 117, name: 'cx43', cores: 8, memory: 16, disk: 160, price: 94_900, at: EUROPE },
  { id: 45, name: 'cax11', cores: 2, memory: 4, disk: 40, architecture: 'arm', price: 37_900, at: EUROPE },
  { id: 109, name: 'cpx22', cores: 2, memory: 4, disk: 80, price: 64_900, at: EVERYWHERE },
  { id: 96, name: 'ccx13', cores: 2, memory: 8, disk: 80, price: 124_900, at: EVERYWHERE },
];

const SURCHARGE = [100, 115, 140] as const;
const TRAFFIC_TB = [20, 1, 0.5] as const;

/** As the API writes money: ten digits behind the point. */
function priceOf(tenThousandths: number) {
  const text = (value: number) => `${Math.floor(value / 10_000)}.${String(value % 10_000).padStart(4, '0')}000000`;
  return { net: text(tenThousandths), gross: text(Math.round(tenThousandths * 1.19)) };
}

export type SoldOut = (type: string, location: string) => boolean;

export const serverTypes = (isSoldOut: SoldOut) =>
  SEEDS.map(({ price, at, isGone, architecture = 'x86', ...type }) => {
    const deprecation = isGone
      ? { announced: '2025-10-16T00:00:00Z', unavailable_after: '2026-01-01T00:00:00Z' }
      : null;
    const places = LOCATIONS.filter(({ name }) => name in at);
    return {
      ...type,
      ...{ description: type.name.toUpperCase(), category: 'Shared vCPU', storage_type: 'local', cpu_type: 'shared' },
      ...{ architecture, included_traffic: 0, deprecated: deprecation !== null, deprecation },
      prices: places.map(({ name }) => {
        const zone = at[name]!;
        const monthly = Math.round((price * SURCHARGE[zone]!) / 100);
        return {
          ...{ location: name, price_hourly: priceOf(Math.ceil(monthly / 620)), price_monthly: priceOf(monthly) },
          ...{ included_traffic: TRAFFIC_TB[zone]! * TB, price_per_tb_traffic: priceOf(10_000) },
        };
      }),
      locations: places.map(({ id, name }) => ({
        ...{ id, name, recommended: true, available: !isGone && !isSoldOut(type.name, name), deprecation },
      })),
    };
  });
export type ServerType = ReturnType<typeof serverTypes>[number];

/** Of an address of its own. */
export const pricing = (isSoldOut: SoldOut) => ({
  ...{ currency: 'EUR', vat_rate: '19.000000' },
  primary_ips: [
    {
      type: 'ipv4',
      prices: LOCATIONS.map(({ name }) => ({
        ...{ location: name, price_hourly: priceOf(8), price_monthly: priceOf(5000) },
      })),
    },
    {
      type: 'ipv6',
      prices: LOCATIONS.map(({ name }) => ({
        ...{ location: name, price_hourly: priceOf(0), price_monthly: priceOf(0) },
      })),
    },
  ],
  server_types: serverTypes(isSoldOut).map(({ id, name, prices }) => ({ id, name, prices })),
});
