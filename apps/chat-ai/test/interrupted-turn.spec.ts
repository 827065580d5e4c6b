import { ReplyCompleted } from '@switchboard/contracts';
import { startApp, type TestApp } from '@switchboard/testing';
import { Client } from 'pg';
import { chatAiApp } from '../src/chat-ai.app';
import { aPerson, rowsOf, runScheduled, untilTrue } from './build';
import { type RunningModel, startModel } from './start-model';

describe('a turn that is interrupted', () => {
  let model: RunningModel;
  let app: TestApp;
  const env = () => ({ CHAT_AI_BASE_URL: model.baseUrl, CHAT_AI_API_KEY: 'sk-sandbox' });

  /** As after a process that was taken for dead: the job is given to somebody else while it still runs. */
  async function giveJobsAway() {
    await app.service.db.query(`UPDATE chat_ai_jobs._private_job_queues SET locked_at = NULL, locked_by = NULL`);
    await app.service.db.query(`UPDATE chat_ai_jobs._private_jobs SET locked_at = NULL, locked_by = NULL`);
  }

  const hasFailed = async () =>
    (await rowsOf(app, 'SELECT FROM chat_ai_jobs.jobs WHERE last_error IS NOT NULL')).length > 0;
  const lastTryNow = () =>
    app.service.db.query('UPDATE chat_ai_jobs._private_jobs SET max_attempts = attempts + 1, run_at = now()');

  beforeAll(async () => {
    model = await startModel();
  });
  afterAll(() => model.stop());
  beforeEach(() => model.reset());

  it('a stop while the model is silent: the next start answers, exactly once, and the call given up is counted', async () => {
    await model.fail({ kind: 'hang' });
    app = await startApp(chatAiApp, { env: env() });
    const anna = aPerson(() => app);
    const message = await anna.writes('Are you there?');
    await untilTrue('the model being asked', async () => (await model.calls()).length === 1);
    const { database } = app;
    await app.stop({ keepDatabase: true });

    app = await startApp(chatAiApp, { env: env(), database });
    const reply = await anna.replyTo(message);
    expect(reply).toMatchObject({ outcome: 'answered', answers: [message] });
    const next = await anna.writes('Good');
    await anna.replyTo(next);
    expect(anna.replies()).toHaveLength(2);
    const usages = await rowsOf(app, 'SELECT outcome FROM usages WHERE turn_id = $1 ORDER BY id', [reply.replyId]);
    expect(usages).toEqual([{ outcome: 'superseded' }, { outcome: 'answered' }]);
    await app.stop();
  });

  it('a turn that fails in a way nobody foresaw ends in an apology at its last try', async () => {
    app = await startApp(chatAiApp, { env: env() });
    const { db } = app.service;
    await db.query('ALTER TABLE prompts RENAME TO out_of_the_way');
    const anna = aPerson(() => app);
    const message = await anna.writes('Hello?');
    await untilTrue('a failed try', hasFailed);
    expect(anna.replies()).toEqual([]);
    await lastTryNow();
    expect(await anna.replyTo(message)).toMatchObject({ outcome: 'model_unavailable', answers: [message] });
    await app.stop();
  });

  it('a turn that cannot even be read ends in an apology at its last try', async () => {
    app = await startApp(chatAiApp, { env: { ...env(), CHAT_AI_QUIET_WINDOW_MS: '2000' } });
    const anna = aPerson(() => app);
    const message = await anna.writes('', { kind: 'photo', mediaGroup: 'album' });
    await untilTrue('the message', async () => (await rowsOf(app, 'SELECT FROM messages')).length === 1);
    // As after a key that was taken away: what was said cannot be decrypted.
    await app.service.db.query(`UPDATE messages SET text = 'v1.gone.AAAA'`);
    await untilTrue('a failed try', hasFailed);
    await lastTryNow();
    expect(await anna.replyTo(message)).toMatchObject({ outcome: 'model_unavailable', answers: [message] });
    await app.stop();
  });

  it('a turn whose last try died with its process ends in an apology', async () => {
    await model.fail({ kind: 'hang' });
    app = await startApp(chatAiApp, { env: env() });
    const anna = aPerson(() => app);
    const message = await anna.writes('Hello?');
    await untilTrue('the model being asked', async () => (await model.calls()).length === 1);
    const { database } = app;
    await app.stop({ keepDatabase: true });
    // Before anybody is there who would take it.
    const client = new Client({ connectionString: database.url });
    await client.connect();
    const { rowCount } = await client.query('UPDATE chat_ai_jobs._private_jobs SET attempts = max_attempts');
    await client.end();
    expect(rowCount).toBe(1);
    app = await startApp(chatAiApp, { database, env: env() });
    await runScheduled(app, 'apologise-for-lost-turns');
    expect(await anna.replyTo(message)).toMatchObject({ outcome: 'model_unavailable', answers: [message] });
    const next = await anna.writes('And now?');
    await anna.replyTo(next);
    expect(anna.replies()).toHaveLength(2);
    await app.stop();
  });

  it('a try that takes over from one that died in the middle of a call charges that call', async () => {
    await model.fail({ kind: 'hang' });
    app = await startApp(chatAiApp, { env: env() });
    const { db } = app.service;
    const anna = aPerson(() => app);
    const message = await anna.writes('How much?');
    await untilTrue('the model being asked', async () => (await model.calls()).length === 1);
    await giveJobsAway();
    const reply = await anna.replyTo(message);
    const usages = await db.query(
      `SELECT outcome, cost_micros > 0 AS paid FROM usages WHERE turn_id = $1 ORDER BY created_at`,
      [reply.replyId],
    );
    expect(usages).toEqual([
      { outcome: 'lost', paid: true },
      { outcome: 'answered', paid: true },
    ]);
    expect(await rowsOf(app, 'SELECT FROM budget_reservations')).toEqual([]);
    await app.stop();
  });

  it('a reply that the database does not take for a while is kept: the model is not asked and paid again', async () => {
    app = await startApp(chatAiApp, { env: env() });
    const { db } = app.service;
    // What a sequence has counted stays, although the transaction is rolled back.
    await db.query('CREATE SEQUENCE refusals');
    await db.query(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      PERFORM nextval('refusals');
      RAISE EXCEPTION 'the database system is shutting down' USING ERRCODE = '57P03';
    END $$`);
    await db.query('CREATE TRIGGER refuse BEFORE INSERT ON turns FOR EACH ROW EXECUTE FUNCTION refuse()');
    const anna = aPerson(() => app);
    const message = await anna.writes('Are you there?');
    const refused = () => rowsOf(app, 'SELECT FROM refusals WHERE last_value >= 2');
    await untilTrue('two refusals', async () => (await refused()).length === 1);
    await db.query('DROP TRIGGER refuse ON turns');
    expect(await anna.replyTo(message)).toMatchObject({ outcome: 'answered' });
    expect(await model.calls()).toHaveLength(1);
    expect(await rowsOf(app, 'SELECT outcome FROM usages')).toEqual([{ outcome: 'answered' }]);
    await app.stop();
  });

  it('two runs of one turn side by side record one reply', async () => {
    // Longer than the queue takes to look for jobs that came free.
    await model.pace(4000);
    app = await startApp(chatAiApp, { env: env() });
    const anna = aPerson(() => app);
    const message = await anna.writes('Once, please');
    await untilTrue('the model being asked', async () => (await model.calls()).length === 1);
    await giveJobsAway();
    await untilTrue('the second call', async () => (await model.calls()).length === 2);
    await anna.replyTo(message);
    await untilTrue(
      'the end of both',
      async () => (await rowsOf(app, `SELECT FROM usages WHERE user_id = $1`, [anna.userId])).length === 2,
    );
    expect(app.probe.all(ReplyCompleted)).toHaveLength(1);
    expect(await rowsOf(app, 'SELECT outcome FROM turns')).toEqual([{ outcome: 'answered' }]);
    await app.stop();
  });
});
