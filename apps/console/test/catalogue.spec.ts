import { until } from '@switchboard/testing';
import { browserForFacts, describePages, listOf, type PretendedGateway } from './pretended-gateway';

describePages('the catalogue', () => {
  const open = browserForFacts();
  let gateway: PretendedGateway;
  beforeEach(async () => {
    gateway = await open();
  });

  it('what a plan brings is not changed by being looked at', async () => {
    const { page } = gateway;
    const plan = {
      ...{ id: 'p1', botId: 'books', code: 'plus', name: { en: 'Plus', ru: 'Плюс' }, description: { en: '', ru: '' } },
      ...{ level: 'plus', rank: 1, prices: { RUB: 19_900 }, recurring: true, giftable: true, trialDays: null },
      ...{ graceDays: 3, position: 0, receipt: {}, period: { count: 1, unit: 'month' }, subscriptions: 2 },
      features: { 'vpn.traffic-bytes': 100_000_000_001, 'chat.micros-per-day': 123_457 },
      byUse: { freeMicros: 1_234_567, prices: { RUB: 15_000 } },
      ...{ archived: false, createdAt: '2026-05-04T10:00:00.000Z', revision: 3 },
    };
    gateway.answer({ 'GET /v1/plans': listOf(plan), 'GET /v1/plans/*': plan, 'PATCH /v1/plans/*': plan });
    await page.goto('/console/catalogue/books/plans/p1');
    for (const [field, shown] of [
      [page.getByRole('textbox', { name: 'How much' }).first(), /93\.132/],
      [page.getByRole('textbox', { name: 'Cost of models that the plan holds' }), /1\.234567/],
    ] as const) {
      await field.click();
      expect(await field.inputValue()).toMatch(shown);
      await field.blur();
    }
    await page.getByLabel('Name in English').fill('Plus, as ever');
    await gateway.press('Save');
    await until(() => gateway.askedFor('PATCH /v1/plans/*').length > 0, { what: 'the change' });
    expect(JSON.parse(gateway.askedFor('PATCH /v1/plans/*')[0]!.body!)).toMatchObject({
      features: plan.features,
      byUse: plan.byUse,
    });
  });
});
