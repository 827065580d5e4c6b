import { mergedOpenApi, routes } from '@switchboard/contracts';
import fc from 'fast-check';
import { Pool } from 'undici';
import { Installation } from '../installation';
import { type Answer, AnswerCheck } from './answers';
import { type Caller, Callers } from './callers';
import {
  type Kind,
  type OpenApiDocument,
  type Operation,
  operationsOf,
  plansFor,
  requestOf,
  type Sent,
} from './requests';
import { Known, SchemaValues } from './schema-values';

/** Of each kind, per operation and caller. `npm run verify -- fuzz` asks more, and something else each time. */
const RUNS = Number(process.env['FUZZ_RUNS'] ?? 1);
const SEED = Number(process.env['FUZZ_SEED'] ?? 20_261_127);
/** No answer takes longer, on a machine that has other things to do as well. */
const ANSWER_MS = 20_000;
const SIDE_BY_SIDE = 6;
const CALLERS = 40;
const SHOWN = 40;

const document = JSON.parse(JSON.stringify(mergedOpenApi(routes))) as OpenApiDocument;
const values = new SchemaValues(document.components.schemas);
const check = new AnswerCheck(document);

/** What earlier answers have brought, by the list it came from and by the name of its field. */
class Memory {
  private readonly found = new Map<string, Set<unknown>>([['botId', new Set(['lumen', 'northwind'])]]);

  lookUp = ({ name, pick, otherwise }: Known, place?: string): unknown => {
    const known = [...(this.found.get(place ?? '') ?? []), ...(this.found.get(name) ?? [])];
    // Now and then something that nobody has.
    return known.length === 0 || pick % 7 === 0 ? otherwise : known[pick % known.length];
  };

  read(path: string, body: string): void {
    this.collect(`${path.replaceAll(/\{\w+\}/g, '{}')}/`, JSON.parse(body));
  }

  private collect(place: string, value: unknown): void {
    if (Array.isArray(value)) return value.slice(0, 20).forEach((each) => this.collect(place, each));
    if (typeof value !== 'object' || value === null) return;
    for (const [name, each] of Object.entries(value)) {
      if (typeof each === 'string' && each.length < 200) this.keep(name === 'id' ? place : name, each);
      else this.collect(place, each);
    }
  }

  private keep(name: string, value: string): void {
    const kept = this.found.get(name) ?? new Set();
    if (kept.size < 20) this.found.set(name, kept.add(value));
  }
}

describe('every route, asked what its document allows and what it does not', () => {
  let installation: Installation;
  let callers: Callers;
  let pool: Pool;
  const memory = new Memory();
  const statuses = new Map<number, number>();
  const answered = new Set<string>();

  beforeAll(async () => {
    installation = await Installation.start({ BUS: 'memory' });
    // Something to buy, so that people have more to ask for.
    await installation.rows(
      'payments',
      `INSERT INTO plans (id, bot_id, code, name, description, level, rank, period_count, period_unit, prices, features, recurring,
         giftable, trial_days, grace_days, revision, created_at)
       VALUES (gen_random_uuid(), 'lumen', 'month', $1, $1, 'plus', 1, 1, 'month', '{"RUB": 19900, "USD": 299, "XTR": 150}',
         '{"vpn.devices": 3}', true, true, 7, 3, 1, now())`,
      [{ en: 'A month', ru: 'Месяц' }],
    );
    await installation.rows(
      'payments',
      `INSERT INTO packages (id, bot_id, code, name, adds, lasts, prices, revision, created_at)
       VALUES (gen_random_uuid(), 'lumen', 'devices', $1, '{"vpn.devices": 1}', 'period', '{"RUB": 4900}', 1, now())`,
      [{ en: 'One device more', ru: 'Ещё одно устройство' }],
    );
    await installation.rows(
      'payments',
      `INSERT INTO reconciliations (id, bot_id, provider, day, state, finished_at, revision)
       SELECT gen_random_uuid(), 'lumen', provider, '2026-11-01', 'fits', now(), 1 FROM unnest(ARRAY['stripe', 'wata', 'yookassa']) AS provider`,
    );
    await installation.rows(
      'payments',
      `WITH ordered AS (
         INSERT INTO orders (id, user_id, bot_id, kind, wanted, title, state, currency, list_minor, discount_minor, credit_minor,
           total_minor, locale, created_at, expires_at, paid_at, revision)
         SELECT gen_random_uuid(), gen_random_uuid(), 'lumen', 'top-up', '{"kind": "top-up", "amountMinor": 100}', $1, 'fulfilled', 'RUB',
           100, 0, 0, 100, 'en', now(), now(), now(), 1 FROM generate_series(1, 5) RETURNING id)
       SELECT FROM ordered`,
      [{ en: 'Top-up', ru: 'Пополнение' }],
    );
    callers = await Callers.signIn(installation, CALLERS);
    pool = new Pool(installation.publicUrl, {
      connections: SIDE_BY_SIDE,
      headersTimeout: ANSWER_MS,
      bodyTimeout: ANSWER_MS,
    });
  });
  afterAll(async () => {
    await pool?.destroy();
    await installation?.stop();
  });

  async function send(sent: Sent, headers: Record<string, string>): Promise<Answer> {
    const {
      statusCode: status,
      headers: told,
      body,
    } = await pool.request({
      method: sent.method as 'GET',
      path: sent.path,
      headers: { ...sent.headers, ...headers },
      body: sent.body ?? null,
    });
    // Streams of events have no end.
    if (String(told['content-type']).startsWith('text/event-stream')) {
      body.on('error', () => undefined).destroy();
      return { status, headers: told, body: undefined };
    }
    return { status, headers: told, body: await body.text() };
  }

  async function ask(operation: Operation, caller: Caller, kind: Kind, seed: number): Promise<string[]> {
    const faults: string[] = [];
    for (const plan of fc.sample(plansFor(operation, kind, values), { numRuns: RUNS, seed })) {
      const sent = requestOf(operation, plan, memory.lookUp);
      const began = performance.now();
      let answer: Answer;
      try {
        answer = await send(sent, callers.headers(caller));
      } catch (error) {
        faults.push(
          shown(operation, caller, kind, sent, [
            `no answer after ${Math.round(performance.now() - began)} ms: ${String(error)}`,
          ]),
        );
        continue;
      }
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
      const isJson = String(answer.headers['content-type']).startsWith('application/json');
      if (answer.status < 300) answered.add(operation.operationId);
      if (answer.status < 300 && answer.body && isJson) memory.read(operation.path, answer.body);
      const found = check.faults(operation, answer);
      if (found.length === 0) found.push(...check.codeFaults(operation, answer));
      const isOpen = operation.security.length === 0;
      if (caller === 'nobody' && !isOpen && answer.status < 400) found.push('answers a stranger');
      if (found.length > 0)
        faults.push(shown(operation, caller, kind, sent, [...found, `${answer.status} ${answer.body?.slice(0, 300)}`]));
    }
    return faults;
  }

  /** Reading comes first, so that there is something to ask for; removing comes last. */
  const ORDER = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];
  const operations = operationsOf(document).sort((a, b) => ORDER.indexOf(a.method) - ORDER.indexOf(b.method));

  it.each<[Caller, Kind[]]>([
    ['owner', ['valid', 'almost valid', 'hostile']],
    ['person', ['valid', 'hostile']],
    ['nobody', ['valid', 'hostile']],
  ])(
    'answers as its document says, and never with a failure: to %s',
    async (caller, kinds) => {
      const mayAsk = ({ security }: Operation) =>
        caller !== 'person' || security.length === 0 || security.some((way) => 'person' in way);
      const waiting = operations.filter(mayAsk).flatMap((operation) => kinds.map((kind) => ({ operation, kind })));
      const faults: string[] = [];
      const work = async () => {
        for (let next = waiting.shift(); next; next = waiting.shift())
          faults.push(...(await ask(next.operation, caller, next.kind, SEED + waiting.length)));
      };
      await Promise.all(Array.from({ length: SIDE_BY_SIDE }, work));
      expect(faults.slice(0, SHOWN)).toEqual([]);
    },
    600_000,
  );

  it('most routes had something to answer, so that the documents of successes were seen', () => {
    if (process.env['FUZZ_RUNS'])
      console.log(
        `seed ${SEED}: ${JSON.stringify(Object.fromEntries(statuses))}, answered ${answered.size} of ${operations.length}`,
      );
    expect(answered.size).toBeGreaterThan(operations.length / 3);
  });
});

/** To be repeated by hand. */
function shown(
  operation: Operation,
  caller: Caller,
  kind: Kind,
  { method, path, headers, body }: Sent,
  faults: string[],
): string {
  const options = Object.entries(headers).map(([name, value]) => `-H '${name}: ${value}'`);
  const data = body === undefined ? [] : [`-d '${body.slice(0, 400)}'`];
  return [
    `${operation.operationId}, ${kind}, as ${caller}: ${faults.join('; ')}`,
    `curl -X ${method} '${path.slice(0, 400)}'`,
    ...options,
    ...data,
  ].join(' ');
}
