import { setTimeout as sleep } from 'node:timers/promises';
import type { Fleet, Member } from './fleet.mts';
import { DIRECTIONS } from './link.mts';
import type { Ledger } from './ledger.mts';
import type { Random } from './service/random.mts';
import type { ServerName, Servers } from './servers.mts';

/** A fault that has been thought out but not yet done. */
export interface Fault {
  /** What the line of the round says. */
  words: string;
  /** Resolves when it is over, though not everything may be mended yet. */
  strike(): Promise<void>;
}

export interface Scene {
  fleet: Fleet;
  servers: Servers;
  random: Random;
  ledger: Ledger;
}

export type FaultKind = (scene: Scene) => Fault;

const SERVERS: readonly ServerName[] = ['postgres', 'rabbitmq'];
const DAY_MS = 86_400_000;
/** Longer than every time-out: 15 s of an idle relay session, 2 × 10 s of AMQP heartbeats. */
const LONG_FREEZE_MS = [21_000, 32_000] as const;
const LETHAL_WITHIN_MS = 3000;
const LETHAL_FOR_MS = 180_000;
const LOOK_EVERY_MS = 100;

const kill =
  (who: 'writer' | 'relay' | 'consumer'): FaultKind =>
  ({ fleet, random }) => {
    const some = random.chance(0.3) ? fleet.of(who) : [random.pick(fleet.of(who))];
    const restMs = random.int(100, 1500);
    return {
      words: `kill -9 ${names(some)}`,
      async strike() {
        await Promise.all(some.map((member) => member.kill()));
        await sleep(restMs);
        for (const member of some) member.start();
      },
    };
  };

const killServer =
  (name: ServerName): FaultKind =>
  ({ servers, random }) => {
    const awayMs = random.int(100, 1500);
    return {
      words: `kill -9 ${name}`,
      async strike() {
        await servers.kill(name);
        await sleep(awayMs);
        await servers.up(name);
      },
    };
  };

const freezeMember =
  (range: readonly [number, number]): FaultKind =>
  ({ fleet, random }) => {
    const member = random.pick(fleet.members);
    const ms = random.int(...range);
    return { words: `freeze ${member.name} ${seconds(ms)}`, strike: () => member.freeze(ms) };
  };

const freezeServer =
  (range: readonly [number, number]): FaultKind =>
  ({ servers, random }) => {
    const name = random.pick(SERVERS);
    const ms = random.int(...range);
    return { words: `freeze ${name} ${seconds(ms)}`, strike: () => servers.freeze(name, ms) };
  };

type Disturb = (link: Member['links'][ServerName], random: Random) => { words: string; begin(): void };

const network =
  (disturb: Disturb): FaultKind =>
  ({ fleet, random }) => {
    const member = random.pick(fleet.members);
    const server = random.pick(SERVERS);
    const link = member.links[server];
    const { words, begin } = disturb(link, random);
    const ms = random.int(500, 4000);
    return {
      words: `${words} ${member.name} → ${server} ${seconds(ms)}`,
      async strike() {
        begin();
        await sleep(ms);
        link.heal();
      },
    };
  };

const cut: Disturb = (link) => ({ words: 'cut', begin: () => link.cut() });
const stall: Disturb = (link, random) => {
  const directions = random.pick([['up'], ['down'], DIRECTIONS] as const);
  return { words: `stall ${directions.join(' and ')}`, begin: () => directions.forEach((each) => link.stall(each)) };
};
const slow: Disturb = (link, random) => {
  const direction = random.pick(DIRECTIONS);
  const delayMs = random.int(20, 300);
  return { words: `slow ${direction} by ${delayMs} ms`, begin: () => link.slow(direction, delayMs) };
};
const forget: Disturb = (link) => ({ words: 'forget the connections', begin: () => link.forget() });

/** Both relays at once, so that none can take over. */
const cutRelaysOff: FaultKind = ({ fleet, random }) => {
  const links = fleet.of('relay').map((relay) => relay.links.rabbitmq);
  const ms = random.int(500, 3000);
  return {
    words: `cut the relays off from rabbitmq ${seconds(ms)}`,
    async strike() {
      for (const link of links) link.cut();
      await sleep(ms);
      for (const link of links) link.heal();
    },
  };
};

/**
 * The leader has sent events whose confirmations do not come, when its database session ends. It hears nothing of that
 * either, and goes on with what it has, while the other one leads and sends the same again.
 */
const twoLeaders: FaultKind = ({ fleet, random }) => {
  const relays = random.shuffled(fleet.of('relay'));
  const ms = random.int(2000, 4000);
  return {
    words: `two leaders ${seconds(ms)}`,
    async strike() {
      for (const { links } of relays) {
        links.rabbitmq.stall('down');
        await sleep(ms / 4);
        links.postgres.stall('down');
        links.postgres.endAtServer();
        await sleep(ms / 4);
        links.rabbitmq.heal();
        links.postgres.heal();
      }
    },
  };
};

const rollingRestart =
  (also: readonly ServerName[]): FaultKind =>
  ({ fleet, servers, random }) => {
    const members = random.shuffled(fleet.members);
    return {
      words: `rolling restart of ${also.length > 0 ? 'everything' : 'all processes'}`,
      async strike() {
        for (const member of members) {
          await member.shutDown();
          member.start();
        }
        for (const name of also) {
          await servers.shutDown(name);
          await servers.up(name);
        }
      },
    };
  };

const clockJump: FaultKind = ({ fleet, random }) => {
  const members = random.shuffled(fleet.members).slice(0, random.int(1, 3));
  const untilMidnight = DAY_MS - (Date.now() % DAY_MS);
  const [words, offsetMs] = random.pick([
    ['10 min ahead', 600_000],
    ['10 min back', -600_000],
    ['to just before midnight UTC', untilMidnight - 1500],
    ['a day ahead', DAY_MS],
  ] as const);
  return {
    words: `clock of ${names(members)} ${words}`,
    async strike() {
      for (const member of members) member.order({ kind: 'clock', offsetMs });
      await sleep(3000);
      for (const member of members) member.order({ kind: 'clock', offsetMs: 0 });
    },
  };
};

const diskFull: FaultKind = ({ servers, random }) => {
  const ms = random.int(3000, 6000);
  return {
    words: `disk of postgres full ${seconds(ms)}`,
    strike: () => servers.fillDisk(ms),
  };
};

/** Strikes until every group has given the event up: whoever dies of it is started again, as an orchestrator would. */
const lethalEvent: FaultKind = ({ fleet, random, ledger }) => {
  const writer = random.pick(fleet.of('writer'));
  const consumers = fleet.of('consumer');
  return {
    words: 'an event that kills its consumers',
    async strike() {
      const starts = () => consumers.reduce((sum, member) => sum + member.starts, 0);
      const before = starts();
      const began = Date.now();
      let orderedAt = 0;
      let last: number | undefined;
      const look = async () => ledger.lethal((last ??= (await ledger.written()).last));
      while (Date.now() - began < LETHAL_FOR_MS) {
        // The database may be away by another fault of the round.
        const found = await look().catch(() => undefined);
        if (found && found.written > 0 && found.waiting === 0) return;
        // A transaction that is rolled back takes the event along. One event is enough: the broker may be away, too.
        if (found?.written === 0 && Date.now() - orderedAt > LETHAL_WITHIN_MS) {
          writer.order({ kind: 'write-lethal' });
          orderedAt = Date.now();
        }
        // What comes meanwhile waits; more of it would only make the round longer.
        if (starts() > before) for (const each of fleet.of('writer')) each.order({ kind: 'rest' });
        for (const member of consumers) member.start();
        await sleep(LOOK_EVERY_MS);
      }
    },
  };
};

const ofProcesses = {
  'kill-writer': kill('writer'),
  'kill-relay': kill('relay'),
  'kill-consumer': kill('consumer'),
  freeze: freezeMember([500, 4000]),
  cut: network(cut),
  stall: network(stall),
  slow: network(slow),
  forget: network(forget),
  'cut-relays-off': cutRelaysOff,
  'two-leaders': twoLeaders,
  'rolling-restart': rollingRestart([]),
  'clock-jump': clockJump,
};

const ofServers = {
  'kill-postgres': killServer('postgres'),
  'kill-rabbitmq': killServer('rabbitmq'),
  'freeze-server': freezeServer([500, 4000]),
};

const lastingOfServers = {
  'long-freeze-server': freezeServer(LONG_FREEZE_MS),
  'rolling-restart-of-everything': rollingRestart(SERVERS),
};

/** Half a minute each, so they are for long runs. */
const lasting = {
  'long-freeze': freezeMember(LONG_FREEZE_MS),
  ...lastingOfServers,
  'lethal-event': lethalEvent,
};

const once = { 'disk-full': diskFull };

export const FAULTS: Record<string, FaultKind> = { ...ofProcesses, ...ofServers, ...lasting, ...once };

/** What only a drill with servers of its own can do. */
export const ATTACKS_ON_SERVERS = Object.keys({ ...ofServers, ...lastingOfServers, ...once });

/** From this many rounds on, a run has time for every kind of fault. */
export const LONG_RUN = 50;
const LASTING_EVERY = 8;

export interface Deal {
  rounds: number;
  random: Random;
  servers: Servers;
  /** The kinds to draw from; default: all that the run is long enough for. */
  only: readonly string[] | undefined;
}

/** Deals the faults of each round: every kind comes up before any comes again. */
export function deal({ rounds, random, servers, only }: Deal): FaultKind[][] {
  const usable = only ?? Object.keys(servers.own ? { ...ofProcesses, ...ofServers } : ofProcesses);
  const draw = deck(
    usable.map((name) => FAULTS[name]!),
    random,
  );
  const drawLasting = deck(Object.values(lasting), random);
  const long = !only && servers.own && rounds >= LONG_RUN;
  const diskRound = long && servers.disk ? random.int(0, rounds - 1) : undefined;
  return Array.from({ length: rounds }, (_, round) => {
    const faults = Array.from({ length: usable.length > 0 ? random.int(1, Math.min(3, usable.length)) : 0 }, draw);
    if (long && round % LASTING_EVERY === LASTING_EVERY - 1) faults.push(drawLasting());
    if (round === diskRound) faults.push(diskFull);
    return faults;
  });
}

function deck<T>(cards: readonly T[], random: Random): () => T {
  let left: T[] = [];
  return () => {
    if (left.length === 0) left = random.shuffled(cards);
    return left.pop()!;
  };
}

const names = (members: readonly Member[]) => members.map((member) => member.name).join(' and ');
const seconds = (ms: number) => `for ${(ms / 1000).toFixed(1)} s`;
