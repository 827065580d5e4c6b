import { until } from '@switchboard/testing';
import { browserForFacts, describePages, listOf, type PretendedGateway } from './pretended-gateway';

const AT = '2026-05-04T10:00:00.000Z';

describePages('broadcasts, offers and campaigns', () => {
  const open = browserForFacts();
  let gateway: PretendedGateway;
  beforeEach(async () => {
    gateway = await open();
  });

  const page = () => gateway.page;
  const says = (words: string | RegExp) => gateway.says(words);
  const press = (name: string | RegExp) => gateway.press(name);
  const lastBody = (route: string) => JSON.parse(gateway.askedFor(route).at(-1)!.body!) as Record<string, unknown>;

  const broadcast = {
    ...{ id: 'b1', botId: 'books', title: 'Spring', text: { en: 'It is **spring**', ru: 'Пришла **весна**' } },
    ...{ buttons: [], campaign: null, segment: {}, state: 'draft', startAt: null, atMost: null, isCut: false },
    ...{ createdBy: 's1', createdAt: AT, startedAt: null, endedAt: null, results: null, revision: 3 },
  };

  it('a message is written in both languages, seen as people see it, counted and kept as a draft', async () => {
    gateway.answer({
      'POST /v1/segments/count': { people: 1200, reached: 1100, isComplete: true },
      'POST /v1/broadcasts': broadcast,
      'GET /v1/broadcasts/*': broadcast,
    });
    await page().goto('/console/broadcasts/new');
    await page().getByLabel('Title').fill('Spring');
    await page().getByLabel('Text in Russian').fill('Пришла **весна**');
    await page().getByLabel('Text in English').fill('It is **spring**');
    await page().locator('strong', { hasText: 'весна' }).waitFor();
    await press('Add a button');
    await page().getByLabel('Label in Russian').fill('Читать');
    await page().getByLabel('Label in English').fill('Read');
    await page().getByLabel('Address').fill('https://example.org/spring');
    await page().getByRole('checkbox', { name: 'Trial' }).click({ force: true });
    await page().getByRole('textbox', { name: 'Ends within so many days' }).fill('3');
    await press('Count');
    await says(/1,200.people in the segment, 1,100 of them would get it now/);
    expect(lastBody('POST /v1/segments/count')).toEqual({
      botId: 'books',
      segment: { people: {}, customers: { states: ['trial'], endsWithinDays: 3 } },
    });
    await press('Save the draft');
    await until(() => gateway.askedFor('POST /v1/broadcasts').length === 1, { what: 'the draft saved' });
    expect(lastBody('POST /v1/broadcasts')).toMatchObject({
      text: { ru: 'Пришла **весна**', en: 'It is **spring**' },
      buttons: [{ label: { ru: 'Читать', en: 'Read' }, opens: { kind: 'link', url: 'https://example.org/spring' } }],
    });
    await page().getByRole('heading', { name: 'Spring' }).waitFor();
  });

  it('it is sent to no more people than were counted, and its progress is told', async () => {
    const running = {
      ...{ ...broadcast, state: 'running', atMost: 110, startedAt: AT, revision: 4 },
      results: { total: 100, waiting: 40, sent: 55, failed: { rejected: 1 }, skipped: { news_off: 4 } },
    };
    gateway.answer({
      'GET /v1/broadcasts/*': broadcast,
      'POST /v1/segments/count': { people: 100, reached: 96, isComplete: true },
      'POST /v1/broadcasts/*/send': running,
      'POST /v1/broadcasts/*/pause': { ...running, state: 'paused' },
    });
    await page().goto('/console/broadcasts/b1');
    await press('Send');
    await says(/100.people in the segment/);
    gateway.answer({ 'GET /v1/broadcasts/*': running });
    await gateway.dialog().getByRole('button', { name: 'Send' }).click();
    await says('want no news');
    expect(lastBody('POST /v1/broadcasts/*/send')).toEqual({ atMost: 110 });
    expect(gateway.askedFor('POST /v1/broadcasts/*/send')[0]!.headers['if-match']).toBe('"3"');
    await press('Pause');
    await until(() => gateway.askedFor('POST /v1/broadcasts/*/pause').length === 1, { what: 'the pause' });
  });

  it('offers tell both rates and their difference, campaigns who came and what they bought', async () => {
    const offer = {
      ...{ id: 'o1', botId: 'books', title: 'Half price', text: broadcast.text, criteria: {}, cap: null },
      ...{ holdOutPercent: 10, gives: { kind: 'percent', percent: 50 }, planIds: null, from: AT, createdAt: AT },
      ...{ until: '2126-05-04T10:00:00.000Z', endedAt: null, revision: 1 },
      results: {
        shown: { people: 90, bought: 30, rate: 1 / 3 },
        heldOut: { people: 10, bought: 2, rate: 0.2 },
        difference: { value: 0.133, low: -0.18, high: 0.324 },
        orders: 12,
        revenue: [{ currency: 'RUB', amountMinor: 199_000 }],
      },
    };
    const campaign = {
      ...{ id: 'c1', botId: 'books', name: 'spring', title: 'Spring post', url: 'https://t.me/books?start=spring' },
      ...{ createdAt: AT, endedAt: null },
      results: {
        people: 321,
        buyers: 12,
        orders: 14,
        revenue: [{ currency: 'RUB', amountMinor: 500_000 }],
        refunds: [],
      },
    };
    gateway.answer({
      'GET /v1/offers': listOf(offer),
      'GET /v1/campaigns': listOf(campaign),
      'POST /v1/campaigns': campaign,
    });
    await page().goto('/console/promotions/books');
    await says(/30 \/ 90 \(33\.3%\)/);
    await says(/2 \/ 10 \(20(\.0)?%\)/);
    await says(/between .18(\.0)?% and 32\.4%/);
    await page().getByRole('tab', { name: 'Campaigns' }).click();
    await says('321');
    await press('New campaign');
    await gateway.dialog().getByLabel('Title').fill('Summer');
    await gateway.dialog().getByLabel('Name in the link').fill('summer');
    await gateway.dialog().getByRole('button', { name: 'Make' }).click();
    await gateway.dialog().waitFor({ state: 'hidden' });
    expect(lastBody('POST /v1/campaigns')).toEqual({ botId: 'books', name: 'summer', title: 'Summer' });
  });
});
