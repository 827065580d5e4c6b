import fc from 'fast-check';
import type { Candidate } from '../placement/placement';
import { assign, type HeldKey, type OpenMove, type Owed } from './assignment';

const aServer = (id: string, more: Partial<Candidate> = {}): Candidate => ({
  ...{ id, region: 'de', capacity: 100, people: 0, weight: 1, latencyMs: null, isUp: true, isDraining: false },
  ...more,
});
const serving = (serverId: string, more: Partial<HeldKey> = {}): HeldKey => ({
  ...{ serverId, state: 'serving', occupies: true, isRefused: false, ...more },
});
const owed = (more: Partial<Owed>): Owed => ({ region: null, servers: 1, keys: [], moves: [], ...more });
const NOTHING = { add: [], drop: [], moves: [], redirected: [], ended: [] };
const [a, b, c] = [aServer('a'), aServer('b'), aServer('c')];

describe('an assignment', () => {
  it('gives a server to who has none', () => {
    expect(assign([a], owed({}))).toEqual({ ...NOTHING, add: ['a'] });
  });

  it('leaves alone what is as it should be', () => {
    expect(assign([a, b], owed({ keys: [serving('a')] }))).toEqual(NOTHING);
  });

  it('moves from a server that is down, being emptied, left or refuses, and goes on there until the other is ready', () => {
    const moved = { ...NOTHING, add: ['b'], moves: [{ from: 'a', to: 'b' }] };
    expect(assign([{ ...a, isUp: false }, b], owed({ keys: [serving('a')] }))).toEqual(moved);
    expect(assign([{ ...a, isDraining: true }, b], owed({ keys: [serving('a')] }))).toEqual(moved);
    expect(assign([a, b], owed({ keys: [serving('a')], leave: 'a' }))).toEqual(moved);
    expect(assign([a, b], owed({ keys: [serving('a', { isRefused: true })] }))).toEqual(moved);
  });

  it('leaves people where they are when there is no other', () => {
    expect(assign([{ ...a, isUp: false }], owed({ keys: [serving('a')] }))).toEqual(NOTHING);
    expect(assign([a, { ...b, people: 100 }], owed({ keys: [serving('a')], leave: 'a' }))).toEqual(NOTHING);
  });

  it('drops at once what nobody was shown yet', () => {
    const keys = [serving('a', { state: 'preparing' })];
    expect(assign([a, b], owed({ keys, leave: 'a' }))).toEqual({ ...NOTHING, add: ['b'], drop: ['a'] });
  });

  it('gives a move another target when its target fails, and its source stays', () => {
    const keys = [serving('a'), serving('b', { state: 'preparing' })];
    const moves = [{ id: 'm', from: 'a', to: 'b' }];
    const servers = [{ ...a, isUp: false }, { ...b, isUp: false }, c];
    expect(assign(servers, owed({ keys, moves }))).toEqual({
      ...NOTHING,
      ...{ add: ['c'], drop: ['b'], redirected: [{ id: 'm', to: 'c' }] },
    });
  });

  it('finds a target for a move that waits', () => {
    const moves = [{ id: 'm', from: 'a', to: null }];
    expect(assign([{ ...a, isUp: false }, b], owed({ keys: [serving('a')], moves }))).toEqual({
      ...NOTHING,
      ...{ add: ['b'], redirected: [{ id: 'm', to: 'b' }] },
    });
  });

  it('adds and drops servers as the plan has more or fewer', () => {
    expect(assign([a, b, c], owed({ servers: 3, keys: [serving('a')] })).add).toEqual(['b', 'c']);
    const keys = [serving('a'), serving('b'), serving('c')];
    expect(assign([a, b, c], owed({ servers: 1, keys }))).toEqual({ ...NOTHING, drop: ['b', 'c'] });
  });

  it('ends a move that is not needed any more, and what it came from', () => {
    const keys = [serving('a'), serving('b', { state: 'preparing' }), serving('c')];
    expect(assign([a, b, c], owed({ keys, moves: [{ id: 'm', from: 'a', to: 'b' }] }))).toEqual({
      ...NOTHING,
      ...{ drop: ['b', 'a'], ended: ['m'] },
    });
    const waiting = [serving('a'), serving('c')];
    expect(assign([a, b, c], owed({ keys: waiting, moves: [{ id: 'm', from: 'a', to: null }] }))).toEqual({
      ...NOTHING,
      ...{ drop: ['a'], ended: ['m'] },
    });
  });

  it('is no way back into a server that filled up while the person was away', () => {
    const keys = [serving('a', { occupies: false })];
    expect(assign([{ ...a, people: 100 }, b], owed({ keys }))).toMatchObject({
      add: ['b'],
      moves: [{ from: 'a', to: 'b' }],
    });
  });
});

it('however it began, doing what is assigned again and again comes to rest, with as many servers as are owed and there are', () => {
  const ids = ['a', 'b', 'c', 'd'];
  const servers = fc.tuple(
    ...ids.map((id) =>
      fc
        .record({ isUp: fc.boolean(), isDraining: fc.boolean(), full: fc.boolean() })
        .map(({ full, ...more }) => aServer(id, { ...more, people: full ? 100 : 0, region: id < 'c' ? 'de' : 'nl' })),
    ),
  );
  const keys = fc.subarray(ids).chain((held) =>
    fc.tuple(
      ...held.map((serverId) =>
        fc.record({
          serverId: fc.constant(serverId),
          state: fc.constantFrom('preparing' as const, 'serving' as const, 'leaving' as const),
          occupies: fc.constant(true),
          isRefused: fc.boolean(),
        }),
      ),
    ),
  );
  fc.assert(
    fc.property(
      servers,
      keys,
      fc.integer({ min: 1, max: 3 }),
      fc.option(fc.constantFrom('de', 'nl')),
      (all, held, wanted, region) => {
        let now: HeldKey[] = [...held];
        let moves: OpenMove[] = [];
        for (let round = 0; round < 10; round++) {
          const { add, drop, moves: opened, redirected } = assign(all, { region, servers: wanted, keys: now, moves });
          if (round === 9)
            expect({ add, drop, opened, redirected }).toEqual({ add: [], drop: [], opened: [], redirected: [] });
          now = now.map((key) => (drop.includes(key.serverId) ? { ...key, state: 'leaving', occupies: false } : key));
          for (const serverId of add) {
            now = [...now.filter((key) => key.serverId !== serverId), serving(serverId, { state: 'preparing' })];
          }
          moves = [
            ...moves.map((move) => ({ ...move, to: redirected.find(({ id }) => id === move.id)?.to ?? move.to })),
            ...opened.map(({ from, to }) => ({ id: `${from}-${to}-${round}`, from, to })),
          ];
          // Panels confirm everything.
          const sources = moves.map(({ from }) => from);
          now = now.map((key) => {
            if (sources.includes(key.serverId)) return { ...key, state: 'leaving', occupies: false };
            return key.state === 'preparing' ? { ...key, state: 'serving' } : key;
          });
          moves = [];
        }
        const serves = now.filter(({ state }) => state === 'serving');
        expect(serves.length).toBeLessThanOrEqual(wanted);
        const usable = all.filter(({ id, isUp, isDraining, people, capacity }) => {
          const key = now.find(({ serverId }) => serverId === id);
          return isUp && !isDraining && !key?.isRefused && people - Number(key?.occupies ?? false) < capacity;
        });
        expect(serves.length).toBeGreaterThanOrEqual(Math.min(wanted, usable.length));
      },
    ),
  );
});
