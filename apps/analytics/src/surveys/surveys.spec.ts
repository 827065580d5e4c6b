import { ReadBusiness, SurveyAnswered, SurveyAskRequested } from '@switchboard/contracts';
import { Schedules } from '@switchboard/service-kit';
import { erasePerson, FakeClock, startApp, type TestApp, until } from '@switchboard/testing';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { v7 as uuidv7 } from 'uuid';
import { withdraws } from '../../test/build';
import { happened, userId } from '../../test/deeds';
import { analyticsApp } from '../analytics.app';

const DAY_MS = 86_400_000;
/** Noon in Almaty. */
const NOW = new Date('2026-06-01T07:23:00Z');

describe('the survey', () => {
  let app: TestApp;
  let clock: FakeClock;
  const folder = mkdtempSync(join(tmpdir(), 'switchboard-bots-'));
  const bot = (id: string, products: string[], timeZone: string) =>
    writeFileSync(
      join(folder, `${id}.json`),
      JSON.stringify({ name: id, channel: { kind: 'telegram' }, products, timeZone }),
    );

  beforeAll(async () => {
    bot('lumen', ['survey', 'assistant'], 'Asia/Almaty');
    bot('other', ['survey', 'assistant'], 'Asia/Almaty');
    bot('western', ['survey'], 'Europe/Lisbon');
    bot('silent', ['assistant'], 'Asia/Almaty');
    clock = new FakeClock(NOW);
    app = await startApp(analyticsApp, { clock, env: { BOTS_FOLDER: folder } });
  });
  afterAll(async () => {
    await app.stop();
    rmSync(folder, { recursive: true });
  });

  const ago = (days: number) => new Date(clock.now().getTime() - days * DAY_MS).toISOString();
  /** Knows a bot for so many days, and was there so many days ago. */
  const knows = (who: number, botId: string, { since = 20, last = 1 } = {}) =>
    happened(app, [
      { who, at: ago(since), bot: botId },
      { who, at: ago(last), bot: botId },
    ]);
  async function run(): Promise<void> {
    const slot = clock.now();
    await app.service.nest.get(Schedules).runSlot('ask-people', slot);
    const isDone = async () => {
      const [row] = await app.service.db.query<{ done: boolean }[]>(
        `SELECT last_success_slot = last_slot AND last_slot = date_trunc('minute', $1::timestamptz) AS done FROM schedules WHERE job = 'ask-people'`,
        [slot],
      );
      return row?.done ?? false;
    };
    await until(isDone, { what: 'the people being asked' });
  }
  const asked = () => app.probe.all(SurveyAskRequested).map(({ data }) => [Number(data.userId.slice(-12)), data.botId]);
  const hearAsked = (count: number) => until(() => asked().length >= count, { what: `${count} to be asked` });

  it('asks who knows the bot and was there lately, at noon, in bots that have it', async () => {
    await knows(1, 'lumen');
    await knows(2, 'lumen', { since: 13 });
    await knows(3, 'lumen', { since: 40, last: 8 });
    await knows(4, 'western');
    await knows(5, 'silent');
    await run();
    await hearAsked(1);
    expect(asked()).toEqual([[1, 'lumen']]);
  });

  it('asks nobody who has not agreed', async () => {
    await knows(6, 'lumen');
    await app.service.db.query('UPDATE consents SET given = false WHERE user_id = $1', [userId(6)]);
    clock.advance(60_000);
    await run();
    expect(asked()).toEqual([[1, 'lumen']]);
  });

  it('asks everybody once in 90 days, whatever the bots', async () => {
    await knows(1, 'other');
    clock.advance(60_000);
    await run();
    expect(asked()).toHaveLength(1);
    clock.set(new Date(NOW.getTime() + 90 * DAY_MS - 60_000));
    await knows(1, 'lumen');
    await run();
    expect(asked()).toHaveLength(1);
    clock.advance(2 * 60_000);
    await run();
    await hearAsked(2);
    expect(asked().map(([who]) => who)).toEqual([1, 1]);
    clock.advance(60_000);
    await run();
    expect(asked()).toHaveLength(2);
  });

  it('forgets when it asked who takes their consent back, or is erased', async () => {
    const rows = () => app.service.db.query('SELECT FROM survey_asks WHERE user_id = $1', [userId(1)]);
    expect(await rows()).toHaveLength(1);
    await withdraws(app, userId(1));
    await until(async () => (await rows()).length === 0, { what: 'it being forgotten' });
    await app.service.db.query(`INSERT INTO survey_asks VALUES ($1, $2, 'lumen', $3)`, [
      userId(1),
      uuidv7(),
      clock.now(),
    ]);
    await erasePerson(app, userId(1));
    expect(await rows()).toEqual([]);
  });

  it('forgets that it asked somebody just when they took their consent back', async () => {
    await knows(80, 'silent');
    const asking = app.service.db.createQueryRunner();
    await asking.startTransaction();
    await asking.query(`SELECT consenting(ARRAY[$1::uuid])`, [userId(80)]);
    const withdrawn = withdraws(app, userId(80));
    const waiting = `SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`;
    await until(async () => (await app.service.db.query<unknown[]>(waiting)).length > 0, { what: 'the withdrawal' });
    await asking.query(`INSERT INTO survey_asks VALUES ($1, $2, 'lumen', $3)`, [userId(80), uuidv7(), clock.now()]);
    await asking.commitTransaction();
    await asking.release();
    await withdrawn;
    expect(await app.service.db.query('SELECT FROM survey_asks WHERE user_id = $1', [userId(80)])).toEqual([]);
  });

  it('asks 500 people of a bot on a day at the most, also when it has to try again', async () => {
    clock.advance(DAY_MS);
    const people = Array.from({ length: 520 }, (_, i) => 1000 + i);
    await happened(
      app,
      people.flatMap((who) => [20, 1].map((days) => ({ who, at: ago(days), bot: 'lumen' }))),
    );
    const before = asked().length;
    for (let i = 0; i < 2; i++) {
      clock.advance(60_000);
      await run();
    }
    await hearAsked(before + 500);
    expect(await app.service.db.query(`SELECT FROM survey_asks WHERE asked_at > $1`, [ago(0.1)])).toHaveLength(500);
  });

  it('counts the latest answer of each person', async () => {
    const answer = (who: number, score: number) =>
      SurveyAnswered({
        ...{ chatId: uuidv7(), botId: 'lumen', channel: 'telegram', userId: userId(who), surveyId: uuidv7() },
        ...{ question: 'nps', score },
      });
    await knows(50, 'lumen');
    for (let who = 50; who < 70; who++) {
      await app.service.db.query(`INSERT INTO consents VALUES ($1, true, '1', 'bot', $2) ON CONFLICT DO NOTHING`, [
        userId(who),
        clock.now(),
      ]);
      await app.probe.say(answer(who, 0));
    }
    clock.advance(1000);
    for (let who = 50; who < 70; who++) await app.probe.say(answer(who, who < 60 ? 10 : 8));
    const nps = async () => (await app.gateway.call(ReadBusiness, { query: { botId: 'lumen' } })).nps;
    await until(async () => (await nps()).mean === 9, { what: 'the answers' });
    expect(await nps()).toMatchObject({ answers: 20, score: 50 });
  });
});
