import { AllowanceChangeRequested, FEATURES, UsageRecorded } from '@switchboard/contracts';
import { FakeClock, startApp, type TestApp } from '@switchboard/testing';
import { BudgetExhausted, BudgetsService, NOBODY, type PlannedCall } from '../src/accounting/budgets.service';
import { UsageService } from '../src/accounting/usage.service';
import { chatAiApp } from '../src/chat-ai.app';
import { aPerson, botsFolder, rowsOf, runScheduled, untilTrue } from './build';
import { startServices } from './pretended-services';
import { type RunningModel, startModel } from './start-model';

/** A model that costs a dollar per thousand tokens, so that sums are easy: a token is 1000 micros. It does not reason. */
const MODEL = {
  model: 'sandbox-model',
  pricePerMillionTokensUsd: { input: 1000, cachedInput: 1000, output: 1000 },
};
const bot = (budgets: object) => ({
  assistant: { systemPrompt: 'S', maxOutputTokens: 16, ...MODEL },
  budgets,
});

describe('budgets', () => {
  let model: RunningModel;
  let app: TestApp;
  let folder: Awaited<ReturnType<typeof botsFolder>>;
  let services: Awaited<ReturnType<typeof startServices>>;
  const person = (botId: string, locale: 'en' | 'ru' = 'en') => aPerson(() => app, { botId, locale });

  beforeAll(async () => {
    [model, services] = await Promise.all([startModel(), startServices()]);
    folder = await botsFolder({
      daily: bot({ personPerDayUsd: 0.5 }),
      monthly: bot({ botPerMonthUsd: 2 }),
      silent: { assistant: { systemPrompt: 'S', maxOutputTokens: 16, ...MODEL } },
      unlimited: bot({ personPerDayUsd: 'unlimited', botPerMonthUsd: 'unlimited' }),
      berlin: { ...bot({ personPerDayUsd: 0.5 }), timeZone: 'Europe/Berlin' },
      sold: { ...bot({ personPerDayUsd: 0.9 }), freeFeatures: { [FEATURES.chatBudget]: 500_000 } },
      given: { ...bot({ personPerDayUsd: 0.5 }), freeFeatures: {} },
      unpriced: { assistant: { model: 'nobody-knows-it' }, budgets: { personPerDayUsd: 5 } },
    });
    app = await startApp(chatAiApp, {
      clock: new FakeClock(new Date('2026-11-20T12:00:00Z')),
      directory: services.directory,
      env: { BOTS_FOLDER: folder.path, CHAT_AI_BASE_URL: model.baseUrl, CHAT_AI_API_KEY: 'sk-sandbox' },
    });
  });
  afterAll(async () => {
    await app.stop();
    await model.stop();
    await folder.remove();
    services.stop();
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

  it('a person who may use less for a while is refused sooner, until it is lifted or over', async () => {
    await uses(100);
    const [anna, igor] = [person('daily'), person('unlimited')];
    const limit = (who: typeof anna, microsPerDay: number | null, until = '2026-11-23T00:00:00Z') =>
      app.probe.say(
        AllowanceChangeRequested({
          userId: who.userId,
          botId: who.botId,
          microsPerDay,
          until,
          reason: 'unusual_usage',
        }),
      );
    const known = async () =>
      (
        await rowsOf<{ micros: string | null }>(
          app,
          'SELECT micros_per_day AS micros FROM allowances ORDER BY asked_at',
        )
      ).map(({ micros }) => micros);
    const outcome = async (who: typeof anna) => (await who.replyTo(await who.writes('A question'))).outcome;
    expect(await outcome(anna)).toBe('answered');
    await limit(anna, 110_000);
    app.clock.advance(1000);
    await limit(igor, 5000);
    await untilTrue('both limits', async () => (await known()).length === 2);
    expect(await outcome(anna)).toBe('budget_exhausted');
    expect(await outcome(igor)).toBe('budget_exhausted');
    app.clock.advance(1000);
    await limit(anna, null);
    await untilTrue('that it is lifted', async () => (await known()).includes(null));
    expect(await outcome(anna)).toBe('answered');
    app.clock.set(new Date('2026-11-23T00:00:01Z'));
    expect(await outcome(igor)).toBe('answered');
    await runScheduled(app, 'forget-old');
    expect(await known()).toEqual([]);
  });

  it('what somebody pays for raises and lowers their day, within seconds of being paid', async () => {
    await uses(450);
    const [anna, igor, eva] = [person('sold'), person('sold'), person('given')];
    const outcome = async (who: typeof anna) => (await who.replyTo(await who.writes('A question'))).outcome;
    services.owns(igor.userId, { features: { [FEATURES.chatBudget]: null } });
    expect([await outcome(anna), await outcome(anna)]).toEqual(['answered', 'budget_exhausted']);
    for (let i = 0; i < 3; i++) expect(await outcome(igor)).toBe('answered');
    // Where no plan speaks of it, it is as the bot has it for everybody.
    expect([await outcome(eva), await outcome(eva)]).toEqual(['answered', 'budget_exhausted']);
    services.owns(anna.userId, { features: { [FEATURES.chatBudget]: 1_000_000 } });
    app.clock.advance(4000);
    expect([await outcome(anna), await outcome(anna)]).toEqual(['answered', 'budget_exhausted']);
    services.owns(igor.userId, { features: { [FEATURES.chatBudget]: 0 } });
    app.clock.advance(4000);
    expect(await outcome(igor)).toBe('budget_exhausted');
  });

  it("a bot's month is shared by everybody", async () => {
    await uses(1950);
    const [anna, igor] = [person('monthly'), person('monthly')];
    expect((await anna.replyTo(await anna.writes('One'))).outcome).toBe('answered');
    const refused = await igor.replyTo(await igor.writes('Two'));
    expect(refused).toMatchObject({ outcome: 'budget_exhausted' });
    expect(refused.text).toContain('December 1, 2026');
  });

  it('a bot that says nothing of budgets has the standard ones, and only who says so has none', async () => {
    await uses(450);
    const [anna, igor] = [person('silent'), person('unlimited')];
    for (const one of [anna, igor]) expect((await one.replyTo(await one.writes('One'))).outcome).toBe('answered');
    expect((await anna.replyTo(await anna.writes('Two'))).outcome).toBe('budget_exhausted');
    expect((await igor.replyTo(await igor.writes('Two'))).outcome).toBe('answered');
  });

  it("a bot's day ends at its own midnight", async () => {
    app.clock.set(new Date('2026-11-22T22:30:00Z'));
    await uses(450);
    const anna = person('berlin');
    await anna.replyTo(await anna.writes('One'));
    const refused = await anna.replyTo(await anna.writes('Two'));
    expect(refused.text).toContain('November 23, 2026 at 12:00 AM (Europe/Berlin)');
    app.clock.set(new Date('2026-11-22T23:00:01Z'));
    expect((await anna.replyTo(await anna.writes('Three'))).outcome).toBe('answered');
  });

  describe('of a plan that is paid by use', () => {
    const paysByUse = (userId: string, micros: number, period = `${crypto.randomUUID()}.1`) =>
      services.owns(userId, {
        features: { [FEATURES.chatBudget]: null },
        modelUse: { period, since: new Date('2026-11-03T12:00:00Z'), micros },
      });
    const left = (userId: string) =>
      rowsOf<{ spent: number; reserved: number }>(
        app,
        `SELECT spent_micros::int AS spent, reserved_micros::int AS reserved FROM budgets WHERE scope LIKE 'plan:%:' || $1`,
        [userId],
      );

    it('a person uses what belongs to it and what they want to pay for, from one payment to the next', async () => {
      await uses(450);
      const anna = person('given');
      const outcome = async () => anna.replyTo(await anna.writes('A question'));
      paysByUse(anna.userId, 900_000);
      expect([(await outcome()).outcome, (await outcome()).outcome]).toEqual(['answered', 'answered']);
      const refused = await outcome();
      expect(refused).toMatchObject({ outcome: 'budget_exhausted' });
      expect(refused.text).toMatch(/what your plan has of answers is used up/);
      expect(await left(anna.userId)).toEqual([{ spent: 900_000, reserved: 0 }]);
      // It was paid.
      paysByUse(anna.userId, 900_000);
      app.clock.advance(4000);
      expect((await outcome()).outcome).toBe('answered');
    });

    it('twenty turns side by side cannot overrun it', async () => {
      const budgets = service(BudgetsService);
      const anna = { ...spender(0), botId: 'given', userId: crypto.randomUUID() };
      paysByUse(anna.userId, 1_000_000);
      const ended = await Promise.allSettled(Array.from({ length: 20 }, () => budgets.reserve(anna, planned(150_000))));
      expect(ended.filter(({ status }) => status === 'fulfilled')).toHaveLength(6);
      expect(await left(anna.userId)).toEqual([{ spent: 0, reserved: 900_000 }]);
      app.clock.advance(16 * 60_000);
      expect(await service(UsageService).chargeLost('expired')).toBe(6);
      expect(await left(anna.userId)).toEqual([{ spent: 900_000, reserved: 0 }]);
      await app.service.db.transaction((tx) => budgets.forget(tx, anna.userId));
      expect(await left(anna.userId)).toEqual([]);
    });
  });

  const spender = (limit: number) => ({
    botId: 'raced',
    userId: crypto.randomUUID(),
    limits: { personPerDay: limit, botPerMonth: null },
    timeZone: 'UTC',
  });
  /** A call that costs so many micros at most. */
  const planned = (micros: number): PlannedCall => ({
    purpose: 'turn',
    turnId: crypto.randomUUID(),
    model: { model: 'm', ownPrice: { input: 1_000_000, cachedInput: 0, output: 0 } },
    inputTokens: micros,
    outputTokens: 50,
  });
  const service = <T>(type: new (...args: never[]) => T) => app.service.nest.get(type, { strict: false });

  it('twenty calls side by side cannot together spend more than there is', async () => {
    const budgets = service(BudgetsService);
    const anna = spender(1_000_000);
    const ended = await Promise.allSettled(Array.from({ length: 20 }, () => budgets.reserve(anna, planned(150_000))));
    const granted = ended.flatMap((one) => (one.status === 'fulfilled' ? [one.value.id] : []));
    expect(granted).toHaveLength(6);
    const refused = ended.filter((one) => one.status === 'rejected');
    expect(refused.every(({ reason }) => reason instanceof BudgetExhausted)).toBe(true);

    // Settled at less than was set aside, there is room again.
    const call = {
      model: 'm',
      tokens: { inputTokens: 600_000, cachedInputTokens: 0, outputTokens: 0 },
      estimated: false,
      price: { price: { input: 1_000_000, cachedInput: 0, output: 0 }, isKnown: true },
      outcome: 'answered',
      durationMs: 1,
      reservationId: granted[0]!,
    };
    const costs = { purpose: 'turn' as const, turnId: null, calls: [call], reservations: granted };
    await app.service.db.transaction((tx) => service(UsageService).record(tx, anna, costs));
    await expect(budgets.reserve(anna, planned(400_001))).rejects.toThrow(BudgetExhausted);
    await expect(budgets.reserve(anna, planned(400_000))).resolves.toBeDefined();
  });

  it('a call whose process died is charged at its most, and once, even if the process lives after all', async () => {
    const anna = spender(1_000_000);
    const { id } = await service(BudgetsService).reserve(anna, planned(900_000));
    app.clock.advance(16 * 60_000);
    await runScheduled(app, 'charge-lost-calls');
    const spent = async () =>
      (
        await rowsOf<{ scope: string; spent: number; reserved: number }>(
          app,
          `SELECT scope, spent_micros::int AS spent, reserved_micros::int AS reserved FROM budgets WHERE scope = $1`,
          [`person:raced:${anna.userId}`],
        )
      )[0];
    expect(await spent()).toMatchObject({ spent: 900_000, reserved: 0 });
    const usages = () =>
      rowsOf(app, 'SELECT id, outcome, estimated, cost_micros::int AS micros FROM usages WHERE user_id = $1', [
        anna.userId,
      ]);
    expect(await usages()).toEqual([{ id, outcome: 'lost', estimated: true, micros: 900_000 }]);
    const said = () => app.probe.all(UsageRecorded).filter(({ data }) => data.usageId === id);
    await untilTrue('the event of it', () => said().length > 0);
    expect(said().map(({ data }) => data.costMicros)).toEqual([900_000]);

    const call = {
      model: 'm',
      tokens: { inputTokens: 10, cachedInputTokens: 0, outputTokens: 0 },
      estimated: false,
      price: { price: { input: 1_000_000, cachedInput: 0, output: 0 }, isKnown: true },
      outcome: 'answered',
      durationMs: 1,
      reservationId: id,
    };
    const costs = { purpose: 'turn' as const, turnId: null, calls: [call], reservations: [id] };
    await app.service.db.transaction((tx) => service(UsageService).record(tx, anna, costs));
    expect(await spent()).toMatchObject({ spent: 900_000, reserved: 0 });
    expect(await usages()).toHaveLength(1);
  });

  it('a call for the knowledge whose process died is charged to the knowledge, and not to the answers of the bot', async () => {
    const nobody = { ...spender(1_000_000), botId: 'learned', userId: NOBODY };
    await service(BudgetsService).reserve(nobody, { ...planned(900_000), purpose: 'embedding', turnId: null });
    app.clock.advance(16 * 60_000);
    await runScheduled(app, 'charge-lost-calls');
    const charged = await rowsOf(
      app,
      `SELECT scope, spent_micros::int AS spent, reserved_micros::int AS reserved FROM budgets
       WHERE scope LIKE '%:learned'`,
    );
    expect(charged).toEqual([{ scope: 'knowledge:learned', spent: 900_000, reserved: 0 }]);
  });

  it('a person who is erased in the middle of a turn does not keep its end from being recorded', async () => {
    const budgets = service(BudgetsService);
    const anna = spender(1_000_000);
    const before = await budgets.reserve(anna, planned(300_000));
    await app.service.db.transaction((tx) => budgets.forget(tx, anna.userId));
    const after = await budgets.reserve(anna, planned(100_000));
    const costs = { purpose: 'turn' as const, turnId: null, calls: [], reservations: [before.id, after.id] };
    await app.service.db.transaction((tx) => service(UsageService).record(tx, anna, costs));
    const left = await rowsOf(app, 'SELECT reserved_micros::int AS micros FROM budgets WHERE scope = $1', [
      `person:raced:${anna.userId}`,
    ]);
    expect(left).toEqual([{ micros: 0 }]);
  });

  it('lost calls of a person who was erased are charged all the same', async () => {
    const budgets = service(BudgetsService);
    const anna = spender(1_000_000);
    for (const micros of [300_000, 100_000]) await budgets.reserve(anna, planned(micros));
    await app.service.db.transaction((tx) => budgets.forget(tx, anna.userId));
    app.clock.advance(16 * 60_000);
    expect(await service(UsageService).chargeLost('expired')).toBe(2);
  });

  it('in a group the first of those who asked and still has money pays: who has none does not block the others', async () => {
    await uses(450);
    const [anna, igor, group] = [person('daily'), person('daily'), person('daily')];
    const { chatId } = group;
    expect((await anna.replyTo(await anna.writes('One'))).outcome).toBe('answered');
    expect((await anna.replyTo(await anna.writes('Two'))).outcome).toBe('budget_exhausted');
    await model.reset();
    const both = async (first: typeof anna, second: typeof anna) => {
      await model.pace(20_000);
      const calls = (await model.calls()).length;
      await first.writes('Mine first', { chatId, inGroup: true, senderName: 'First' });
      await second.writes('And mine', { chatId, inGroup: true, senderName: 'Second' });
      const asked = async () =>
        (await model.calls()).slice(calls).some(({ body }) => body.messages.at(-1)!.content.includes('And mine'));
      await untilTrue('both being asked', asked);
      await group.stops();
      const payers = async () =>
        rowsOf<{ id: string }>(app, `SELECT DISTINCT user_id AS id FROM usages WHERE turn_id = ANY ($1)`, [
          group.typed().map(({ replyId }) => replyId),
        ]);
      await untilTrue('the end', () => group.typed().at(-1)?.state === 'cancelled');
      return payers();
    };
    expect(await both(igor, anna)).toEqual([{ id: igor.userId }]);
    expect(await both(anna, igor)).toEqual([{ id: igor.userId }]);
  });

  it('after every turn nothing stays set aside, failed ones included', async () => {
    const anna = person('daily');
    await model.fail({ kind: '429:ms', times: 3 });
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
