import { Client } from 'pg';
import { services } from '../src/services';
import { Installation } from './installation';
import { Person } from './person';

const TURNS = 8;
/** Each is a round trip, which is what a turn costs most: who adds one changes this number, and docs/performance.md. */
const AT_MOST = 32;
/** Made whether or not somebody asks something: slots of schedules, looks for parked events. */
const BY_THE_CLOCK = /schedules|parked_events|pg_advisory_xact_lock/;
const SERVICES = services.map(({ name }) => name);

/** Counts what the services ask their databases from now on, by the text; not what relays and graphile-worker ask. */
function countStatements(): Map<string, number> {
  const counts = new Map<string, number>();
  const begun = new WeakSet<Client>();
  const count = (text: string, by: number) => counts.set(text, (counts.get(text) ?? 0) + by);
  const query = Client.prototype.query as (...args: unknown[]) => unknown;
  jest.spyOn(Client.prototype, 'query').mockImplementation(function (this: Client, ...args: unknown[]) {
    const [asked] = args as [string | { text: string }];
    const text = typeof asked === 'string' ? asked : asked.text;
    const { connectionParameters } = this as Client & { connectionParameters: { application_name: string } };
    if (SERVICES.includes(connectionParameters.application_name)) {
      if (text === 'START TRANSACTION') begun.add(this);
      else if (text !== 'COMMIT') {
        count(text, 1);
        // Told apart by what is done first in them: there are transactions when nobody asks anything as well.
        if (begun.delete(this)) count(`START TRANSACTION, ${text} …, COMMIT`, 2);
      }
    }
    return query.apply(this, args);
  } as never);
  return counts;
}

describe('a turn', () => {
  let counts: Map<string, number>;
  let installation: Installation;
  beforeAll(async () => {
    counts = countStatements();
    installation = await Installation.start({ BUS: 'memory' });
  }, 60_000);
  afterAll(async () => {
    await installation?.stop();
    jest.restoreAllMocks();
  });

  it(`makes at most ${AT_MOST} statements`, async () => {
    const { sandbox } = installation;
    const person = await Person.meet(sandbox, 'en');
    const ask = async (question: string) => {
      await sandbox.script(question, `Answer to ${question}`);
      await person.say(question);
      await person.reads(new RegExp(`Answer to ${question}`));
    };
    await ask('First');
    counts.clear();
    for (let n = 1; n <= TURNS; n++) await ask(`Question ${n}`);
    const ofTurn = [...counts].filter(([text]) => !BY_THE_CLOCK.test(text));
    // The rest is made now and then, by schedules for instance.
    const made = ofTurn.flatMap(([text, times]) => Array<string>(Math.floor(times / TURNS)).fill(text));
    expect(made.slice(0, AT_MOST)).toEqual(made);
  });
});
