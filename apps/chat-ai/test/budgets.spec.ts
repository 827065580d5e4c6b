import { FakeClock, startApp, type TestApp } from '@switchboard/testing';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AssistantsService } from '../src/assistants/assistants.service';
import { BudgetExhausted, BudgetsService } from '../src/budgets/budgets.service';
import { chatAiApp } from '../src/chat-ai.app';
import { aPerson, rowsOf } from './build';
import { type RunningModel, startModel } from './start-model';

/** A model that costs a dollar per thousand tokens, so that sums are easy: a token is 1000 micros. */
const PRICE = { input: 1000, cachedInput: 1000, output: 1000 };
const bot = (more: object) => ({
  name: 'B',
  systemPrompt: 'S',
  maxOutputTokens: 16,
  pricePerMillionTokensUsd: PRICE,
  ...more,
});

describe('budgets', () => {
  let model: RunningModel;
  let app: TestApp;
  let folder: string;
  const person = (botId: string, locale: 'en' | 'ru' = 'en') => aPerson(() => app, { botId, locale });

  beforeAll(async () => {
    model = await startModel();
    folder = await mkdtemp(join(tmpdir(), 'budgets-'));
    const assistants = {
      daily: bot({ budgets: { personPerDayUsd: 0.5 } }),
      monthly: bot({ budgets: { botPerMonthUsd: 2 } }),
      raced: bot({ budgets: { personPerDayUsd: 1 } }),
      unpriced: { name: 'U', systemPrompt: 'S', model: 'nobody-knows-it', budgets: { personPerDayUsd: 5 } },
    };
    await writeFile(join(folder, 'assistants.json'), JSON.stringify(assistants));
    app = await startApp(chatAiApp, {
      clock: new FakeClock(new Date('2026-11-20T12:00:00Z')),
      env: {
        CHAT_AI_ASSISTANTS_FILE: join(folder, 'assistants.json'),
        CHAT_AI_BASE_URL: model.baseUrl,
        CHAT_AI_API_KEY: 'sk-sandbox',
      },
    });
  });
  afterAll(async () => {
    await app.stop();
    await model.stop();
    await rm(folder, { recursive: true });
  });
  beforeEach(() => model.reset());

  const uses = (tokens: number) =>
    model.script({ times: 100, reply: { text: 'Yes.', usage: { promptTokens: tokens - 10, completionTokens: 10 } } });

  it('a person who has used up the day is told when it renews, and is served again then', async () => {
    await uses(450);
    const anna = person('daily');
    expect((await anna.replyTo(await anna.writes('One'))).outcome).toBe('answered');
    const refused = await anna.replyTo(await anna.writes('Two'));
    expect(refused.outcome).toBe('budget_exhausted');
    expect(refused.text).toContain('November 21, 2026');
    expect(await model.calls()).toHaveLength(1);
    const igor = person('daily', 'ru');
    expect((await igor.replyTo(await igor.writes('Я ещё не спрашивал'))).outcome).toBe('answered');
    expect((await igor.replyTo(await igor.writes('А теперь?'))).text).toContain('21 ноября 2026');
    app.clock.set(new Date('2026-11-21T00:00:01Z'));
    expect((await anna.replyTo(await anna.writes('Three'))).outcome).toBe('answered');
  });

  it("a bot's month is shared by everybody", async () => {
    await uses(1950);
    const [anna, igor] = [person('monthly'), person('monthly')];
    expect((await anna.replyTo(await anna.writes('One'))).outcome).toBe('answered');
    const refused = await igor.replyTo(await igor.writes('Two'));
    expect(refused).toMatchObject({ outcome: 'budget_exhausted' });
    expect(refused.text).toContain('December 1, 2026');
  });

  it('twenty calls side by side cannot together spend more than there is', async () => {
    const nest = app.service.nest;
    const budgets = nest.get(BudgetsService, { strict: false });
    const assistant = nest.get(AssistantsService, { strict: false }).of('raced');
    const userId = crypto.randomUUID();
    const ended = await Promise.allSettled(
      Array.from({ length: 20 }, () => budgets.reserve({ assistant, userId, micros: 150_000 })),
    );
    const granted = ended.flatMap((one) => (one.status === 'fulfilled' ? [one.value!] : []));
    expect(granted).toHaveLength(6);
    const refused = ended.filter((one) => one.status === 'rejected');
    expect(refused.every(({ reason }) => reason instanceof BudgetExhausted)).toBe(true);

    // Settled at less than was set aside, there is room again.
    await app.service.db.transaction((tx) => budgets.settle(tx, granted, { assistant, userId, micros: 600_000 }));
    await expect(budgets.reserve({ assistant, userId, micros: 400_001 })).rejects.toThrow(BudgetExhausted);
    await expect(budgets.reserve({ assistant, userId, micros: 400_000 })).resolves.toBeDefined();
  });

  it('what a dead process had set aside comes free', async () => {
    const nest = app.service.nest;
    const budgets = nest.get(BudgetsService, { strict: false });
    const assistant = nest.get(AssistantsService, { strict: false }).of('raced');
    const spend = { assistant, userId: crypto.randomUUID(), micros: 900_000 };
    await budgets.reserve(spend);
    await expect(budgets.reserve(spend)).rejects.toThrow(BudgetExhausted);
    app.clock.advance(16 * 60_000);
    await expect(budgets.reserve(spend)).resolves.toBeDefined();
  });

  it('after every turn nothing stays set aside, failed ones included', async () => {
    const anna = person('daily');
    await model.fail({ kind: '500', times: 3 });
    await anna.replyTo(await anna.writes('One'));
    const rows = await rowsOf(app, 'SELECT spent_micros, reserved_micros FROM budgets WHERE scope = $1', [
      `person:daily:${anna.userId}`,
    ]);
    expect(rows).toEqual([{ spent_micros: '0', reserved_micros: '0' }]);
  });

  it('a model without a known price costs nothing on record, and budgets count it all the same', async () => {
    await uses(1000);
    const anna = person('unpriced');
    const reply = await anna.replyTo(await anna.writes('One'));
    const usages = await rowsOf(app, 'SELECT cost_micros, price_known FROM usages WHERE turn_id = $1', [reply.replyId]);
    expect(usages).toEqual([{ cost_micros: '0', price_known: false }]);
    const [purse] = await rowsOf(app, 'SELECT spent_micros FROM budgets WHERE scope = $1', [
      `person:unpriced:${anna.userId}`,
    ]);
    expect(purse).toEqual({ spent_micros: '10000' });
  });
});
