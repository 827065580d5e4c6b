import { Schedules } from '@switchboard/service-kit';
import { startApp, type TestApp, until } from '@switchboard/testing';
import { aPerson, rowsOf } from '../../test/build';
import { type RunningModel, startModel } from '../../test/start-model';
import { chatAiApp } from '../chat-ai.app';

const DAY_MS = 86_400_000;

describe('retention', () => {
  let model: RunningModel;
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
    model = await startModel();
    app = await startApp(chatAiApp, {
      env: {
        CHAT_AI_BASE_URL: model.baseUrl,
        CHAT_AI_API_KEY: 'sk-sandbox',
        CHAT_AI_KEEP_DAYS: '30',
        CHAT_AI_KEEP_USAGE_DAYS: '100',
      },
    });
  });
  afterAll(async () => {
    await app.stop();
    await model.stop();
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
});
