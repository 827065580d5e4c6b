import { until } from '@switchboard/testing';
import { browserForFacts, describePages, listOf, type PretendedGateway, Refusal } from './pretended-gateway';

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

  it('nothing is sent before it is known to how many, nor planned for later without a day', async () => {
    let counted = () => {};
    gateway.answer({
      'GET /v1/broadcasts/*': broadcast,
      'POST /v1/segments/count': async () => {
        await new Promise<void>((done) => (counted = done));
        return { people: 100, reached: 96, isComplete: true };
      },
      'POST /v1/broadcasts/*/send': { ...broadcast, state: 'scheduled', atMost: 110, startAt: AT, revision: 4 },
    });
    await page().goto('/console/broadcasts/b1');
    await press('Send');
    const send = gateway.dialog().getByRole('button', { name: 'Send' });
    await until(() => gateway.askedFor('POST /v1/segments/count').length > 0, { what: 'the count' });
    expect(await send.isDisabled()).toBe(true);
    counted();
    await says(/100.people in the segment/);
    expect(await send.isDisabled()).toBe(false);
    await gateway.dialog().getByText('At a time').click();
    expect(await send.isDisabled()).toBe(true);
    // Typed as somebody does who has no calendar: month, day, year.
    const day = new Date(Date.now() + 3 * 86_400_000);
    await gateway.dialog().getByRole('spinbutton').first().click();
    await page().keyboard.type(
      [day.getDate(), day.getMonth() + 1].map((part) => String(part).padStart(2, '0')).join('') + day.getFullYear(),
    );
    await send.click();
    await until(() => gateway.askedFor('POST /v1/broadcasts/*/send').length > 0, { what: 'the plan' });
    const at = new Date(day.getFullYear(), day.getMonth(), day.getDate(), 12).getTime();
    const sent = lastBody('POST /v1/broadcasts/*/send') as { at: string };
    expect(sent).toMatchObject({ atMost: 110 });
    expect(Math.abs(Date.parse(sent.at) - at)).toBeLessThan(86_400_000);
  });

  it('a draft that a colleague has changed meanwhile is not written over, nor is a new one left unsaved', async () => {
    // In a currency that is none of the usual ones, with parts of its own.
    const segment = { people: {}, customers: { spentAtLeast: { amountMinor: 12_345, currency: 'KWD' } } };
    const draft = { ...broadcast, segment };
    gateway.answer({
      'GET /v1/broadcasts/*': draft,
      'PUT /v1/broadcasts/*': new Refusal(412, 'precondition_failed'),
    });
    await page().goto('/console/broadcasts/b1');
    await press('Change');
    await page().getByLabel('Title').fill('Spring, but later');
    gateway.answer({ 'GET /v1/broadcasts/*': { ...draft, title: 'Of a colleague', revision: 4 } });
    await press('Save the draft');
    await says('This was changed meanwhile');
    expect(gateway.askedFor('PUT /v1/broadcasts/*')[0]!.headers['if-match']).toBe('"3"');
    expect(lastBody('PUT /v1/broadcasts/*')['segment']).toEqual(segment);
    expect(await page().getByLabel('Title').inputValue()).toBe('Spring, but later');
    await press('Show what is saved');
    await until(async () => (await page().getByLabel('Title').inputValue()) === 'Of a colleague', {
      what: 'what the colleague has saved',
    });

    await page().goto('/console/broadcasts/new');
    await page().getByLabel('Title').fill('Summer');
    await page().getByRole('link', { name: 'Broadcasts' }).first().click();
    await says('Leave without saving?');
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
