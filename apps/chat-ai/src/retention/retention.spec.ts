import { Schedules } from '@switchboard/service-kit';
import { startApp, type TestApp, until } from '@switchboard/testing';
import { aPerson, rowsOf } from '../../test/build';
import { type RunningMedia, startMedia } from '../../test/start-media';
import { type RunningModel, startModel } from '../../test/start-model';
import { chatAiApp } from '../chat-ai.app';

const DAY_MS = 86_400_000;

describe('retention', () => {
  let model: RunningModel;
  let media: RunningMedia;
  let app: TestApp;
  const count = async (table: string, where = 'true') => {
    const [row] = await rowsOf<{ n: number }>(app, `SELECT count(*)::int AS n FROM ${table} WHERE ${where}`);
    return row!.n;
  };
  const counts = async () =>
    Promise.all(['conversations', 'messages', 'turns', 'usages', 'budgets'].map((table) => count(table)));
  const forgetOld = async () => {
    const slot = app.clock.now();
    expect(await app.service.nest.get(Schedules).runSlot('forget-old', slot)).toBe(true);
    const isDone = async () => (await count('schedules', `job = 'forget-old' AND last_success_slot = last_slot`)) === 1;
    await until(isDone, { what: 'the end of the run' });
  };

  beforeAll(async () => {
    [model, media] = await Promise.all([startModel(), startMedia()]);
    app = await startApp(chatAiApp, {
      env: {
        CHAT_AI_BASE_URL: model.baseUrl,
        CHAT_AI_API_KEY: 'sk-sandbox',
        CHAT_AI_KEEP_DAYS: '30',
        CHAT_AI_KEEP_USAGE_DAYS: '100',
      },
      directory: media.directory,
    });
  });
  afterAll(async () => {
    await app.stop();
    await Promise.all([model.stop(), media.stop()]);
  });

  it('what was said is forgotten a month after its conversation was closed or the last word of it was said', async () => {
    const person = () => aPerson(() => app);
    const [idle, begunAnew, active] = [person(), person(), person()];
    await idle.replyTo(await idle.writes('See you'));
    await begunAnew.replyTo(await begunAnew.writes('Once'));
    await begunAnew.resets();
    await active.replyTo(await active.writes('Every day'));
    await until(async () => (await count('conversations', 'closed_at IS NOT NULL')) === 1, { what: 'the reset' });
    await forgetOld();
    expect((await counts()).slice(0, 4)).toEqual([3, 6, 3, 3]);

    app.clock.advance(31 * DAY_MS);
    await active.replyTo(await active.writes('Today as well', { sentAt: app.clock.now().toISOString() }));
    await forgetOld();
    expect((await counts()).slice(0, 4)).toEqual([1, 4, 2, 4]);
    expect(await rowsOf(app, 'SELECT chat_id FROM conversations')).toEqual([{ chat_id: active.chatId }]);
  });

  it('what it has cost is forgotten later, and the knowledge base never', async () => {
    app.clock.advance(80 * DAY_MS);
    await forgetOld();
    expect((await counts()).slice(0, 4)).toEqual([0, 0, 0, 1]);
    app.clock.advance(30 * DAY_MS);
    await forgetOld();
    expect(await counts()).toEqual([0, 0, 0, 0, 0]);
  });

  it('what was read of a file is forgotten with the file, after thirty days', async () => {
    const anna = aPerson(() => app);
    const file = media.document('quince.txt', 'The quince is ripe.');
    const sentAt = () => ({ sentAt: app.clock.now().toISOString() });
    await anna.replyTo(await anna.writes('Read', { ...file, ...sentAt() }));
    app.clock.advance(20 * DAY_MS);
    await anna.replyTo(await anna.writes('Every day', sentAt()));
    await forgetOld();
    expect(await rowsOf(app, 'SELECT state, problem, content IS NULL AS gone FROM attachments')).toEqual([
      { state: 'document', problem: null, gone: false },
    ]);
    app.clock.advance(11 * DAY_MS);
    await anna.replyTo(await anna.writes('Today as well', sentAt()));
    await forgetOld();
    expect(await rowsOf(app, 'SELECT state, problem, content IS NULL AS gone FROM attachments')).toEqual([
      { state: 'unreadable', problem: 'file_gone', gone: true },
    ]);
    await anna.replyTo(await anna.writes('And now?', sentAt()));
    const asked = (await model.calls()).at(-1)!.body.messages.filter(({ role }) => role === 'user');
    expect(asked[0]!.content).toBe('[document: quince.txt] Read');
  });
});
