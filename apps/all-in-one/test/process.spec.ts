import { until } from '@switchboard/testing';
import { services } from '../src/services';
import { Site } from './installation';
import { Person } from './person';
import { Program } from './program';

const ENTRY = 'apps/all-in-one/dist/src/main.js';

describe('the process of all services', () => {
  let site: Site;

  beforeAll(async () => {
    site = await Site.prepare();
  }, 60_000);
  afterAll(() => site?.clear());

  it('does not start with a wrong configuration, and tells the mistakes of all services at once', async () => {
    const program = new Program(ENTRY, {
      ...site.env,
      ENCRYPTION_KEYS: '',
      DATABASE_POOL: 'many',
      BOT_ADAPTER_SEND_TIMEOUT_MS: 'soon',
      CHAT_AI_CONTEXT_TOKENS: '-1',
      TTS_WORKER_SPEED: '17',
    });
    expect(await program.ended).toEqual({ code: 1, signal: null });
    const told = program.lines.map((line) => /^ {2}([A-Z_]+)/.exec(line)?.[1]);
    expect(new Set(told.filter(Boolean))).toEqual(
      new Set([
        'ENCRYPTION_KEYS',
        'DATABASE_POOL',
        'BOT_ADAPTER_SEND_TIMEOUT_MS',
        'CHAT_AI_CONTEXT_TOKENS',
        'TTS_WORKER_SPEED',
      ]),
    );
  });

  describe('ended amid an answer', () => {
    let program: Program;

    async function start(): Promise<void> {
      program = new Program(ENTRY, { ...site.env, LOG_LEVEL: 'info' });
      await program.said((line) => line.includes('"msg":"ready"'), { times: services.length });
    }

    beforeAll(start, 60_000);
    afterAll(() => program?.kill('SIGKILL'));

    it.each([
      ['asked to end', 'SIGTERM', { code: 0, signal: null }],
      ['killed', 'SIGKILL', { code: null, signal: 'SIGKILL' }],
    ] as const)(
      '%s, it leaves an answer that the next start finishes, once',
      async (_how, signal, end) => {
        await site.sandbox.pace(100, 100);
        const person = await Person.meet(site.sandbox, 'en');
        await person.say('Why is walking good?');
        const drafts = () => site.sandbox.calls('sendMessageDraft', person.chat);
        await until(async () => (await drafts()).some(({ params }) => params.text), { what: 'the first words' });
        expect(await program.kill(signal)).toEqual(end);
        expect(await person.answers()).toEqual([]);

        await site.sandbox.pace(50, 4);
        await start();
        const answer = await person.reads(/do not invent answers/);
        expect(await person.allItSaid()).toEqual([answer]);
      },
      60_000,
    );
  });
});
