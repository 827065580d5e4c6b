import { Client } from 'pg';
import { services } from '../src/services';
import { Installation } from './installation';
import { Person } from './person';

const TURNS = 8;
/** Each is a round trip, which is what a turn costs most: who adds one changes this number, and docs/performance.md. */
const AT_MOST = 33;
/** They hear what was said or spent, and nobody waits for them. */
const LISTENING = ['analytics', 'gateway', 'payments'];
/** What a turn costs payments, which bills what is used beyond plans; nobody waits for that either. */
const AT_MOST_OF_PAYMENTS = 4;
/** Begin, inbox, who has consented, store and count, commit: for all events that came in a quarter of a second. */
const AT_MOST_OF_BATCH = 5;
/** Made whether or not somebody asks something: slots of schedules, looks for parked events. */
const BY_THE_CLOCK = /schedules|parked_events|pg_advisory_xact_lock/;
const SERVICES = services.map(({ name }) => name);

type Counts = Map<string, number>;

/** Counts what the services ask their databases from now on, by service and text; not what relays and graphile-worker ask. */
function countStatements(): Map<string, Counts> {
  const all = new Map<string, Counts>(SERVICES.map((name) => [name, new Map<string, number>()]));
  const begun = new WeakSet<Client>();
  const query = Client.prototype.query as (...args: unknown[]) => unknown;
  jest.spyOn(Client.prototype, 'query').mockImplementation(function (this: Client, ...args: unknown[]) {
    const [asked] = args as [string | { text: string }];
    const text = typeof asked === 'string' ? asked : asked.text;
    const { connectionParameters } = this as Client & { connectionParameters: { application_name: string } };
    const counts = all.get(connectionParameters.application_name);
    if (counts) {
      const count = (what: string, by: number) => counts.set(what, (counts.get(what) ?? 0) + by);
      if (text === 'START TRANSACTION') begun.add(this);
      else if (text !== 'COMMIT') {
        count(text, 1);
        // Told apart by what is done first in them: there are transactions when nobody asks anything as well.
        if (begun.delete(this)) count(`START TRANSACTION, ${text} …, COMMIT`, 2);
      }
    }
    return query.apply(this, args);
  } as never);
  return all;
}

describe('a turn', () => {
  let counts: Map<string, Counts>;
  let installation: Installation;
  beforeAll(async () => {
    counts = countStatements();
    installation = await Installation.start({ BUS: 'memory' });
    const { sandbox } = installation;
    const person = await Person.meet(sandbox, 'en');
    const ask = async (question: string) => {
      await sandbox.script(question, `Answer to ${question}`);
      await person.say(question);
      await person.reads(new RegExp(`Answer to ${question}`));
    };
    await ask('First');
    for (const each of counts.values()) each.clear();
    for (let n = 1; n <= TURNS; n++) await ask(`Question ${n}`);
  }, 60_000);
  afterAll(async () => {
    await installation?.stop();
    jest.restoreAllMocks();
  });

  const madeBy = (names: readonly string[]) =>
    names.flatMap((name) => [...counts.get(name)!]).filter(([text]) => !BY_THE_CLOCK.test(text));

  it(`makes at most ${AT_MOST} statements`, () => {
    const ofTurn = madeBy(SERVICES.filter((name) => !LISTENING.includes(name)));
    // The rest is made now and then, by schedules for instance.
    const made = ofTurn.flatMap(([text, times]) => Array<string>(Math.floor(times / TURNS)).fill(text));
    expect(made.slice(0, AT_MOST)).toEqual(made);
  });

  it(`costs payments ${AT_MOST_OF_PAYMENTS} statements`, () => {
    const made = madeBy(['payments']).flatMap(([text, times]) => Array<string>(Math.floor(times / TURNS)).fill(text));
    expect(made.slice(0, AT_MOST_OF_PAYMENTS)).toEqual(made);
  });

  it('costs webhooks that nobody has opened no transaction', () => {
    const transactions = madeBy(['gateway']).filter(([text]) => text.includes('take_events'));
    // Of START, which the gateway hears for itself, the last may come late.
    expect(transactions.reduce((sum, [, times]) => sum + times, 0)).toBeLessThan(TURNS);
  });

  it(`costs statistics ${AT_MOST_OF_BATCH} statements for all events that come together`, () => {
    const made = madeBy(['analytics']);
    const timesOf = (part: string) =>
      made.filter(([text]) => text.startsWith(part)).reduce((sum, [, times]) => sum + times, 0);
    const batches = timesOf('SELECT * FROM take_events');
    expect(batches).toBeGreaterThan(0);
    const ofBatches = made.filter(([, times]) => times >= batches);
    expect(ofBatches.reduce((sum, [, times]) => sum + times, 0)).toBeLessThanOrEqual(batches * AT_MOST_OF_BATCH);
  });
});
