import { CreateBroadcast, ReadBroadcast, ReplyCompleted } from '@switchboard/contracts';
import { BotsRegistry, Schedules } from '@switchboard/service-kit';
import { FakeClock, type TestApp, type TestAppOptions, until } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { pigeon } from '../../test/channels/pigeon.channel';
import { ACCOUNTS, APP_SECRET, PigeonServer } from '../../test/channels/pigeon.server';
import { startBotAdapter } from '../../test/start-bot-adapter';
import { defineBotAdapter } from '../bot-adapter.module';
import type { ChatContext } from '../contacts/contacts.service';
import { ContactsService } from '../contacts/contacts.service';
import { assistant } from '../products/assistant/assistant.module';

const PEOPLE = 10_000;
/** An answer waits for what is with the channel, and for its turn within the channel's limit. */
const ANSWER_MS = 3000;

describe('a broadcast to ten thousand people', () => {
  let pigeons: PigeonServer;
  let app: TestApp;
  const start = (more: TestAppOptions = {}) =>
    startBotAdapter(
      { apiRoot: 'http://127.0.0.1:9' },
      {
        app: defineBotAdapter({ channels: [pigeon], products: [assistant] }),
        bots: {
          lumen: { name: 'Lumen', channel: { kind: 'pigeon', account: ACCOUNTS.one, tokenEnv: 'PIGEON_TOKEN' } },
        },
        env: { PIGEON_API: pigeons.url, PIGEON_APP_SECRET: APP_SECRET, PIGEON_TOKEN: 'token-1' },
        clock: new FakeClock(new Date('2026-12-01T12:00:00Z')),
        ...more,
      },
    );

  beforeAll(async () => {
    pigeons = await PigeonServer.start();
    app = await start();
  });
  afterAll(async () => {
    await app.stop();
    pigeons.close();
  });

  async function meetAll(): Promise<ChatContext[]> {
    const { nest, db } = app.service;
    const contacts = nest.get(ContactsService, { strict: false });
    const bot = nest.get(BotsRegistry, { strict: false }).find('lumen')!;
    const met: ChatContext[] = [];
    for (let from = 0; from < PEOPLE; from += 250) {
      await db.transaction(async (tx) => {
        for (let n = from; n < from + 250; n++) {
          const by = { externalId: `person-${n}` };
          const deed = {
            kind: 'message' as const,
            chat: { ...by, kind: 'private' as const },
            from: { ...by, name: 'Emma' },
          };
          met.push((await contacts.resolveContact(tx, bot, ACCOUNTS.one, deed)) as ChatContext);
        }
      });
    }
    return met;
  }

  it('reaches each of them once, though a process ends in the middle, and delays no answer', async () => {
    const met = await meetAll();
    const draft = await app.gateway.call(CreateBroadcast, {
      body: { botId: 'lumen', title: 'All', text: { en: 'Spring', ru: 'Весна' }, segment: {} },
      idempotencyKey: uuidv7(),
    });
    const params = { broadcastId: draft.id };
    const begun = performance.now();
    // As it is once a second member of staff has agreed.
    await app.service.db.query(
      `UPDATE broadcasts SET state = 'running', at_most = 20000, start_at = $2, started_at = $2 WHERE id = $1`,
      [draft.id, app.clock.now()],
    );
    await app.service.nest.get(Schedules).runSlot('run-broadcasts', new Date(Date.now() + 86_400_000));
    const { database, clock, keys } = app;
    const other = await start({ database, clock, keys });

    const waited: number[] = [];
    for (const { chat, contact } of met.slice(-20)) {
      const asked = performance.now();
      const text = `An answer ${uuidv7()}`;
      const about = { chatId: chat.id, botId: 'lumen', userId: contact.userId, locale: 'en', answers: [uuidv7()] };
      await app.probe.say(ReplyCompleted({ ...about, replyId: uuidv7(), text, outcome: 'answered' }));
      await until(() => pigeons.sent.some((sent) => sent.text === text), { what: 'the answer' });
      waited.push(performance.now() - asked);
    }
    expect(waited.sort((a, b) => a - b)[Math.floor(waited.length / 2)]).toBeLessThan(ANSWER_MS);

    await app.stop({ keepDatabase: true });
    app = other;
    const done = await until(
      async () => {
        const shown = await app.gateway.call(ReadBroadcast, { params });
        return shown.state === 'done' && shown;
      },
      { what: 'the end of it', timeoutMs: 600_000 },
    );
    const seconds = (performance.now() - begun) / 1000;
    // For whoever reads the log: at most a hundred a second are allowed.
    process.stdout.write(
      `${PEOPLE} people in ${seconds.toFixed(0)} s, answers after ${waited.map(Math.round).join(', ')} ms\n`,
    );
    const had = new Map<string, number>();
    for (const { to, text } of pigeons.sent) if (/^Spring/.test(text)) had.set(to, (had.get(to) ?? 0) + 1);
    expect([...had.values()].filter((times) => times > 1)).toEqual([]);
    expect(done!.results).toMatchObject({ total: PEOPLE, waiting: 0, sent: had.size, skipped: {} });
    // Of whom a process that ended left open whether they had it, nobody is written to twice.
    expect(had.size).toBeGreaterThanOrEqual(PEOPLE - 10);
  }, 900_000);
});
