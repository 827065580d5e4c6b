import fc from 'fast-check';
import { type Candidate, fastestFirst, hasRoom, place } from './placement';

const REGIONS = ['de', 'nl', 'us-east'];

const aServer = (more: Partial<Candidate> = {}): Candidate => ({
  ...{ id: 'a', region: 'de', capacity: 100, people: 0, weight: 1, latencyMs: null, isUp: true, isDraining: false },
  ...more,
});

const server = (id: string) =>
  fc.record({
    id: fc.constant(id),
    region: fc.constantFrom(...REGIONS),
    capacity: fc.integer({ min: 1, max: 50 }),
    people: fc.integer({ min: 0, max: 60 }),
    weight: fc.double({ min: 0.1, max: 5, noNaN: true }),
    latencyMs: fc.option(fc.integer({ min: 1, max: 400 })),
    isUp: fc.boolean(),
    isDraining: fc.boolean(),
    isClosed: fc.boolean(),
  });
const IDS = ['a', 'b', 'c', 'd', 'e', 'f'];
const installation = fc.tuple(...IDS.map(server));
const wanted = fc.record({
  region: fc.option(fc.constantFrom(...REGIONS)),
  servers: fc.integer({ min: 1, max: 4 }),
  present: fc.subarray(IDS),
});

describe('placement', () => {
  it('gives nobody a server that is full, down, closed or being emptied, and nobody the same one twice', () => {
    fc.assert(
      fc.property(installation, wanted, (servers, want) => {
        const chosen = place(servers, want);
        expect(new Set(chosen).size).toBe(chosen.length);
        expect(chosen.length).toBeLessThanOrEqual(want.servers);
        for (const one of servers.filter(({ id }) => chosen.includes(id))) {
          expect(one.isUp && !one.isDraining).toBe(true);
          if (!want.present.includes(one.id)) expect(hasRoom(one)).toBe(true);
        }
      }),
    );
  });

  it('gives as many as are wanted, as long as there is room at all', () => {
    fc.assert(
      fc.property(installation, wanted, (servers, want) => {
        const possible = servers.filter(
          (one) => hasRoom(one) || (want.present.includes(one.id) && one.isUp && !one.isDraining),
        );
        expect(place(servers, want)).toHaveLength(Math.min(want.servers, possible.length));
      }),
    );
  });

  it('takes nobody from a server that is up, is not being emptied and lies where they want to be', () => {
    fc.assert(
      fc.property(installation, wanted, (servers, want) => {
        const chosen = place(servers, want);
        const staying = servers.filter(
          ({ id, region, isUp, isDraining }) =>
            want.present.includes(id) && isUp && !isDraining && (want.region === null || region === want.region),
        );
        const kept = staying.filter(({ id }) => chosen.includes(id));
        expect(kept).toHaveLength(Math.min(staying.length, want.servers));
      }),
    );
  });

  it('goes to the wanted region while there is room', () => {
    fc.assert(
      fc.property(installation, fc.constantFrom(...REGIONS), (servers, region) => {
        const [chosen] = place(servers, { region, servers: 1, present: [] });
        const there = servers.filter((one) => one.region === region && hasRoom(one));
        if (there.length > 0) expect(there.map(({ id }) => id)).toContain(chosen);
      }),
    );
  });

  it('spreads a thousand people within a tenth of the weighted capacity, whoever wants to be where', () => {
    const servers = [
      aServer({ id: 'de-1', region: 'de', capacity: 400 }),
      aServer({ id: 'de-2', region: 'de', capacity: 200 }),
      aServer({ id: 'nl-1', region: 'nl', capacity: 300, weight: 2 }),
      aServer({ id: 'nl-2', region: 'nl', capacity: 300 }),
      aServer({ id: 'us-1', region: 'us-east', capacity: 500 }),
      aServer({ id: 'us-2', region: 'us-east', capacity: 250, weight: 0.5 }),
    ];
    const people = new Map(servers.map(({ id }) => [id, 0]));
    const asking = new Map<string | null, number>();
    // 300 for each region, and 100 who leave it to us.
    for (let i = 0; i < 1000; i++) {
      const region = i % 10 === 9 ? null : REGIONS[i % 3]!;
      const now = servers.map((one) => ({ ...one, people: people.get(one.id)! }));
      const [id] = place(now, { region, servers: 1, present: [] });
      people.set(id!, people.get(id!)! + 1);
      const at = region ?? servers.find((one) => one.id === id)!.region;
      asking.set(at, (asking.get(at) ?? 0) + 1);
    }
    for (const { id, region, capacity, weight } of servers) {
      const all = servers
        .filter((one) => one.region === region)
        .reduce((sum, one) => sum + one.capacity * one.weight, 0);
      const fair = (asking.get(region)! * capacity * weight) / all;
      expect(Math.abs(people.get(id)! - fair)).toBeLessThanOrEqual(fair * 0.1);
    }
  });

  it('fills near servers first, and further ones when those are crowded', () => {
    const servers = [
      aServer({ id: 'near', capacity: 10, latencyMs: 20 }),
      aServer({ id: 'also-near', region: 'nl', capacity: 10, latencyMs: 70 }),
      aServer({ id: 'far', region: 'us-east', capacity: 10, latencyMs: 140 }),
      aServer({ id: 'unknown', region: 'us-east', capacity: 10 }),
    ];
    const people = new Map(servers.map(({ id }) => [id, 0]));
    const order: string[] = [];
    for (let i = 0; i < 40; i++) {
      const now = servers.map((one) => ({ ...one, people: people.get(one.id)! }));
      const [id] = place(now, { region: null, servers: 1, present: [] });
      people.set(id!, people.get(id!)! + 1);
      order.push(id!);
    }
    expect(new Set(order.slice(0, 18))).toEqual(new Set(['near', 'also-near']));
    expect(new Set(order.slice(18, 27))).toEqual(new Set(['far']));
    expect(order.slice(27, 36)).toEqual(Array.from({ length: 9 }, () => 'unknown'));
    expect([...people.values()]).toEqual([10, 10, 10, 10]);
    expect(
      place(
        servers.map((one) => ({ ...one, people: 10 })),
        { region: null, servers: 1, present: [] },
      ),
    ).toEqual([]);
  });

  it('takes servers in different regions where none is wanted, as far as there are', () => {
    const servers = [
      aServer({ id: 'de-1', latencyMs: 10 }),
      aServer({ id: 'de-2', latencyMs: 10 }),
      aServer({ id: 'us-1', region: 'us-east', latencyMs: 200 }),
    ];
    expect(place(servers, { region: null, servers: 2, present: [] })).toEqual(['de-1', 'us-1']);
    expect(place(servers, { region: 'de', servers: 2, present: [] })).toEqual(['de-1', 'de-2']);
    expect(place(servers, { region: 'us-east', servers: 2, present: [] })).toEqual(['us-1', 'de-1']);
  });
});

it('the fastest server that is up is first for everybody', () => {
  fc.assert(
    fc.property(installation, (servers) => {
      const order = fastestFirst(servers);
      expect(new Set(order)).toEqual(new Set(servers));
      const up = servers.filter(({ isUp }) => isUp);
      if (up.length === 0) return;
      const least = Math.min(...up.map(({ latencyMs }) => latencyMs ?? Infinity));
      expect(order[0]!.isUp).toBe(true);
      expect(order[0]!.latencyMs ?? Infinity).toBe(least);
    }),
  );
});
