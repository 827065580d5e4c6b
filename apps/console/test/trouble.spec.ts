import { until } from '@switchboard/testing';
import type { Browser } from 'playwright-core';
import { COLLEAGUE_ID, listOf, PretendedGateway, Refusal, STAFF_ID } from './pretended-gateway';

const missing = process.env['CHROMIUM_MISSING'];
const withBrowser = missing && process.env['CI'] !== 'true' ? describe.skip : describe;

const AT = '2026-05-04T10:00:00.000Z';
const PERSON = '0190a000-0000-7000-8000-0000000000aa';
const BUSY = new Refusal(429, 'too_many_requests');

withBrowser('the console when not all goes well', () => {
  let browser: Browser;
  let gateway: PretendedGateway;

  beforeAll(async () => {
    browser = await PretendedGateway.launch();
  });
  beforeEach(async () => {
    gateway = await PretendedGateway.open(browser);
  });
  afterEach(() => gateway.close());
  afterAll(() => browser?.close());

  const page = () => gateway.page;
  const says = (words: string | RegExp) => page().getByText(words).first().waitFor();
  const press = (name: string | RegExp) => page().getByRole('button', { name }).first().click();
  const dialog = () => page().locator('[role="dialog"], [role="alertdialog"]').last();
  const text = () => page().locator('body').innerText();

  it('the overview does not say that nothing waits when it was not told', async () => {
    gateway.answer({
      'GET /v1/alerts': BUSY,
      'GET /v1/inbound-updates/quarantined/summary': { bots: [] },
      'GET /v1/services/*/bus/dead-letters/summary': { groups: [] },
    });
    await page().goto('/console/');
    await says('Not known, because it did not answer');
    expect(await text()).not.toContain('Nothing waits for you');

    gateway.answer({ 'GET /v1/alerts': listOf() });
    await press('Try again');
    await says('Nothing waits for you');
  });

  it('failures are not called none while a service is silent', async () => {
    gateway.answer({
      'GET /v1/services/*/bus/dead-letters/summary': ({ url }) =>
        url.pathname.includes('chat-ai') ? BUSY : { groups: [] },
    });
    await page().goto('/console/failures');
    await says('chat-ai does not answer');
    await says('Not all have answered');
    expect(await text()).not.toContain('Nothing failed');
  });

  it('an endpoint that a colleague has changed meanwhile is not written over', async () => {
    const endpoint = {
      ...{ id: 'e1', url: 'https://shop.example/hook', description: 'Shop', types: ['payments.invoice.paid.v1'] },
      ...{ botIds: null, content: 'thin', ordered: false, state: 'enabled', disabledReason: null, disabledAt: null },
      ...{ owner: { kind: 'staff', id: COLLEAGUE_ID }, createdAt: AT, secrets: [], revision: 1 },
      health: { failingSince: null, failures: 0, lastSuccessAt: null, lastFailureAt: null, waiting: 0 },
    };
    gateway.answer({
      'GET /v1/webhook-endpoints/*': endpoint,
      'GET /v1/webhook-deliveries': listOf(),
      'GET /v1/webhook-types': { types: [] },
      'PATCH /v1/webhook-endpoints/*': new Refusal(412, 'revision_mismatch'),
    });
    await page().clock.install();
    await page().goto('/console/webhooks/e1');
    await press('Change');
    gateway.answer({ 'GET /v1/webhook-endpoints/*': { ...endpoint, description: 'The new shop', revision: 2 } });
    await page().clock.fastForward(20_000);
    await page().evaluate(`dispatchEvent(new Event('visibilitychange'))`);
    await until(() => gateway.askedFor('GET /v1/webhook-endpoints/*').length > 1, { what: 'the endpoint read anew' });
    await says('The new shop');
    await dialog().getByRole('button', { name: 'Save' }).click();
    await says('refused: revision_mismatch');
    expect(gateway.askedFor('PATCH /v1/webhook-endpoints/*').map(({ headers }) => headers['if-match'])).toEqual([
      '"1"',
    ]);
  });

  /** A colleague saves meanwhile, and the page asks anew as it does after somebody comes back to it. */
  async function colleagueSaves(route: string, row: object): Promise<void> {
    gateway.answer({ [route]: row });
    const before = gateway.askedFor(route).length;
    await page().clock.fastForward(70_000);
    await page().evaluate(`dispatchEvent(new Event('visibilitychange'))`);
    await until(() => gateway.askedFor(route).length > before, { what: 'the row read anew' });
    await says('This was changed meanwhile');
  }

  const bot = {
    ...{ id: 'books', name: 'Books', channel: 'telegram', state: 'active', describedBy: 'gateway', hidesFile: false },
    ...{ mistakes: [], changedAt: AT, createdAt: AT, revision: '1', secrets: [] },
    description: { name: 'Books', assistant: { model: 'small' } },
  };
  const theirBot = {
    ...bot,
    ...{ name: 'Book shop', revision: '2', description: { ...bot.description, name: 'Book shop' } },
  };

  it('settings of a bot that are being written stay when a colleague has changed the bot', async () => {
    gateway.answer({ 'GET /v1/bots/*': bot, 'PATCH /v1/bots/*': new Refusal(412, 'gateway.bot_changed') });
    await page().clock.install();
    await page().goto('/console/bots/books');
    const model = page().getByLabel(/^Model/);
    await model.fill('large');
    await colleagueSaves('GET /v1/bots/*', theirBot);
    expect(await model.inputValue()).toBe('large');
    await press(/^Save$/);
    await until(() => gateway.askedFor('PATCH /v1/bots/*').length > 0, { what: 'the bot saved' });
    const [saved] = gateway.askedFor('PATCH /v1/bots/*');
    expect(saved!.headers['if-match']).toBe('"1"');
    expect(JSON.parse(saved!.body!)).toMatchObject({ patch: { assistant: { model: 'large' } } });
    expect(await model.inputValue()).toBe('large');

    await press('Show what is saved');
    await until(async () => (await model.inputValue()) === 'small', { what: 'what the colleague has saved' });
    expect(await page().getByLabel('Name').inputValue()).toBe('Book shop');
    expect(await text()).not.toContain('This was changed meanwhile');
  });

  it('the JSON of a bot that is being written stays when a colleague has changed the bot', async () => {
    gateway.answer({ 'GET /v1/bots/*': bot });
    await page().clock.install();
    await page().goto('/console/bots/books?tab=json');
    const json = page().getByRole('textbox').first();
    await json.fill('{ "name": "Half wri');
    await colleagueSaves('GET /v1/bots/*', theirBot);
    expect(await json.inputValue()).toBe('{ "name": "Half wri');
  });

  it('settings of alerts that are being written stay when a colleague has changed them', async () => {
    const settings = {
      ...{ zone: 'UTC', quietHours: null, warnExcessMicrosPerHour: 0, pageExcessMicrosPerHour: 0, throttle: false },
      ...{ throttleHours: 24, revision: 1 },
    };
    gateway.answer({ 'GET /v1/alert-settings': settings, 'PUT /v1/alert-settings': { ...settings, revision: 3 } });
    await page().clock.install();
    await page().goto('/console/alerts?tab=settings');
    const zone = page().getByLabel('Time zone');
    await zone.fill('Europe/Rome');
    await colleagueSaves('GET /v1/alert-settings', { ...settings, zone: 'Europe/Berlin', revision: 2 });
    expect(await zone.inputValue()).toBe('Europe/Rome');
    await press(/^Save$/);
    await until(() => gateway.askedFor('PUT /v1/alert-settings').length > 0, { what: 'the settings saved' });
    expect(gateway.askedFor('PUT /v1/alert-settings')[0]!.headers['if-match']).toBe('"1"');
  });

  it('a profile that is being written stays when it was changed on another device', async () => {
    const profile = {
      ...{ userId: PERSON, name: 'Ann', locale: 'en', timeZone: 'UTC', registeredAt: AT, revision: 1 },
    };
    gateway.answer({
      'GET /v1/session': { staff: null, person: { id: PERSON, userId: PERSON, amr: ['link'], provenAt: AT } },
      'GET /v1/me': profile,
    });
    await page().clock.install();
    await page().goto('/me/profile');
    const name = page().getByLabel('Name');
    await name.fill('Anna');
    await colleagueSaves('GET /v1/me', { ...profile, timeZone: 'Europe/Rome', revision: 2 });
    expect(await name.inputValue()).toBe('Anna');
  });

  it('what is written of a prompt is there after a look at another tab, and after the page was loaded anew', async () => {
    const prompt = {
      ...{
        id: 'p1',
        version: 1,
        text: 'You sell books.',
        note: null,
        characters: 15,
        origin: 'console',
        createdAt: AT,
      },
      ...{ createdBy: COLLEAGUE_ID, isInForce: true },
    };
    const draft = {
      ...{ id: 'd1', basedOn: { id: 'p1', version: 1 }, text: 'You sell books.', note: '', createdAt: AT },
      ...{ createdBy: COLLEAGUE_ID, changedAt: AT, changedBy: COLLEAGUE_ID, revision: 1 },
    };
    gateway.answer({
      'GET /v1/prompts/books': {
        botId: 'books',
        source: 'console',
        prompt,
        release: null,
        described: prompt,
        revision: 1,
      },
      'GET /v1/prompts/books/drafts': listOf(draft),
      'GET /v1/prompts/books/versions': listOf(prompt),
    });
    await page().goto('/console/prompts/books?tab=draft');
    await says('Draft of Grace Holm');
    const field = page().getByLabel('What the assistant is told');
    await field.fill('You sell books, kindly.');
    await page().getByRole('tab', { name: 'Versions' }).click();
    await page()
      .getByRole('row', { name: /Version 1/ })
      .waitFor();
    await page().getByRole('tab', { name: 'Draft' }).click();
    expect(await field.inputValue()).toBe('You sell books, kindly.');

    await page().reload();
    await says('Not saved');
    expect(await field.inputValue()).toBe('You sell books, kindly.');
  });

  it('a row that is opened and closed leaves the page of the list', async () => {
    const approval = {
      ...{ id: 'a1', route: 'gateway.staff.grant', summary: 'Make Grace Holm an owner', method: 'PUT', path: '/v1/x' },
      ...{ botId: null, requestedBy: { id: COLLEAGUE_ID, name: 'Grace Holm' }, requestedAt: AT, expiresAt: AT },
      ...{ state: 'pending', decidedBy: null, decidedAt: null, comment: null, mayDecide: true, body: null },
    };
    gateway.answer({ 'GET /v1/approvals': listOf(approval), 'GET /v1/approvals/*': approval });
    await page().goto('/console/approvals?after=second');
    await page().getByRole('link', { name: 'Makes somebody an owner or an administrator' }).click();
    await says('Whoever asked can then do exactly this, once.');
    expect(new URL(page().url()).search).toBe('?after=second&approval=a1');
    await page().keyboard.press('Escape');
    await dialog().waitFor({ state: 'hidden' });
    expect(new URL(page().url()).search).toBe('?after=second');

    // What waits for this member of staff is told in the menu.
    expect(
      await page()
        .getByRole('link', { name: /Approvals/ })
        .innerText(),
    ).toMatch(/Approvals\s+1/);
  });

  it('the wizard goes on over a warning only when it was read', async () => {
    const detail = { en: 'The bot reads no messages of groups.', ru: 'Бот не читает сообщения групп.' };
    gateway.answer({
      'POST /v1/bots/channels/check': {
        account: { id: '1', name: 'Books', username: 'books_bot' },
        findings: [{ code: 'privacy_mode', severity: 'warning', detail }],
      },
    });
    await page().goto('/console/bots/new');
    await page().getByRole('textbox', { name: 'Token' }).fill('7000000003:books');
    await press('Check it');
    await says(detail.en);
    await press('Continue all the same');
    await page().getByLabel('Id', { exact: true }).waitFor();
  });

  it('a long conversation is shown to its beginning, and searched', async () => {
    const turn = (id: string) => ({
      ...{ id, outcome: 'answered', model: 'small', prompt: null, contextReport: null, passages: [], startedAt: AT },
      ...{ durationMs: 900, firstTextMs: 300, calls: 1, inputTokens: 1, cachedInputTokens: 0, outputTokens: 1 },
      ...{ costMicros: 10, ratings: [] },
    });
    const message = (id: string, words: string, turnId: string | null) => ({
      ...{ id, role: turnId ? 'assistant' : 'user', state: 'done', userId: PERSON, locale: 'en', text: words },
      ...{ quoted: null, senderName: null, turnId, sentAt: AT, editedAt: null },
    });
    const pages = (first: object, second: object) => (asked: { url: URL }) =>
      asked.url.searchParams.get('after') === 'second'
        ? { data: [second], page: { next: null, prev: null } }
        : { data: [first], page: { next: 'second', prev: null } };
    const match = { conversationId: 'c1', botId: 'books', role: 'assistant', sentAt: AT };
    gateway.answer({
      'GET /v1/conversations/c1': {
        ...{ id: 'c1', botId: 'books', chatId: 'x', userId: PERSON, startedAt: AT, activeAt: AT, closedAt: null },
        ...{ messages: 400, turns: 201, outcomes: [], good: 0, bad: 0, costMicros: 10 },
      },
      'GET /v1/conversations/c1/turns': pages(turn('t2'), turn('t1')),
      'GET /v1/conversations/c1/messages': pages(message('m2', 'Late words', 't2'), message('m1', 'Early words', 't1')),
      'POST /v1/conversations/search': ({ url }) =>
        url.searchParams.get('after') === 'on'
          ? { matches: [{ ...match, messageId: 'm1', excerpt: 'Found early' }], searched: 100, left: 0, next: null }
          : { matches: [], searched: 300, left: 100, next: 'on' },
    });
    await page().goto('/console/conversations/c1');
    await press('Show earlier messages');
    await until(async () => (await page().getByRole('row').count()) === 3, { what: 'the turns of both pages' });

    await press('Read what was said');
    await dialog().getByRole('textbox').fill('A complaint of the person.');
    await dialog().getByRole('button', { name: 'Read what was said' }).click();
    await says('Late words');
    expect(await text()).not.toContain('Early words');
    const field = page().getByRole('searchbox');
    await field.fill('early');
    await field.press('Enter');
    await press('Search on');
    await page().getByRole('link', { name: 'Found early' }).click();
    await says('Early words');
    expect(await page().getByRole('button', { name: 'Why this answer' }).count()).toBe(2);
  });

  it('conversations of one person say so, and lead to those of everybody', async () => {
    gateway.answer({ 'GET /v1/conversations': listOf() });
    await page().goto(`/console/conversations?person=${PERSON}`);
    await press(/…0000aa/);
    await until(() => !page().url().includes('person='), { what: 'conversations of everybody' });
  });

  it('an invitation that could not be read is not called spent', async () => {
    gateway.answer({ 'POST /v1/staff-sign-in/invitation/read': BUSY });
    await page().goto('/console/welcome#token');
    await says('refused: too_many_requests');
    gateway.answer({ 'POST /v1/staff-sign-in/invitation/read': new Refusal(410, 'gateway.invitation_expired') });
    await press('Try again');
    await says('This invitation counts no longer');
  });

  it('what a field does not take is told in the language of the page', async () => {
    await gateway.close();
    gateway = await PretendedGateway.open(browser, { locale: 'ru-RU' });
    gateway.answer({ 'POST /v1/staff-sign-in/invitation/read': { email: 'grace@example.com', name: 'Grace Holm' } });
    await page().goto('/console/welcome#token');
    await page().getByLabel('Пароль').fill('short');
    await press('Дальше');
    expect(await page().locator('.ui-field-error').innerText()).toMatch(/^Не меньше 12\sсимволов\.$/);
  });

  it('the menu shows the pages that somebody may see, and those alone', async () => {
    gateway.answer({
      'GET /v1/session': {
        ...{
          staff: { id: STAFF_ID, roles: ['support'], scopes: ['bots:read', 'updates:read'], bots: [], amr: ['pwd'] },
        },
        person: null,
      },
    });
    await page().goto('/console/bots');
    const menu = page().getByRole('navigation', { name: 'Sections' }).first();
    await menu.getByRole('link', { name: 'Bots' }).waitFor();
    const titles = (await menu.getByRole('link').allInnerTexts()).map((title) => title.trim());
    expect(titles).toEqual(['Overview', 'Bots', 'Failures']);
    await page().goto('/console/audit');
    await says(/audit:read/);
  });

  it('why the access of a person is not shown is told', async () => {
    const contact = {
      ...{ contactId: 'k1', userId: PERSON, botId: 'books', channel: 'telegram', name: 'P…a', startedAt: AT },
      blockedAt: null,
    };
    gateway.answer({
      'GET /v1/people/*/contacts': { contacts: [contact], chats: [] },
      'GET /v1/people/*': BUSY,
      'GET /v1/conversations': listOf(),
      'GET /v1/people/*/deliveries': listOf(),
    });
    await page().goto(`/console/people/${PERSON}`);
    await page().getByRole('tab', { name: 'Access' }).click();
    await says('refused: too_many_requests');
  });

  it('nobody waits for an approval that will not come', async () => {
    const endpoint = {
      ...{ id: 'e1', url: 'https://shop.example/hook', description: 'Shop', types: [], botIds: null, content: 'thin' },
      ...{ ordered: false, state: 'enabled', disabledReason: null, disabledAt: null, createdAt: AT, secrets: [] },
      ...{ owner: { kind: 'staff', id: COLLEAGUE_ID }, revision: 1 },
      health: { failingSince: null, failures: 0, lastSuccessAt: null, lastFailureAt: null, waiting: 0 },
    };
    gateway.answer({
      'GET /v1/webhook-endpoints/*': endpoint,
      'GET /v1/webhook-deliveries': listOf(),
      'POST /v1/webhook-endpoints/*/test': new Refusal(423, 'approval_required', {
        params: { approvalId: 'a1', expiresAt: '2036-01-01T00:00:00.000Z' },
      }),
      'GET /v1/account/approvals': listOf({ id: 'a1', state: 'expired' }),
    });
    await page().goto('/console/webhooks/e1', { waitUntil: 'networkidle' });
    await press('Send a test');
    await says('Nobody agreed in time. You can ask again.');
    await dialog().getByRole('button', { name: 'Close' }).last().waitFor();
  });

  it('what a page asks by itself is told from what somebody does', async () => {
    gateway.answer({
      'GET /v1/alerts': listOf(),
      'GET /v1/inbound-updates/quarantined/summary': { bots: [] },
      'GET /v1/services/*/bus/dead-letters/summary': { groups: [] },
    });
    await page().clock.install();
    await page().goto('/console/');
    await says('Nothing waits for you');
    const alerts = () => gateway.askedFor('GET /v1/alerts').map(({ headers }) => headers['x-unattended']);
    expect(alerts()).toEqual([undefined]);
    for (const asked of [2, 3, 4]) {
      // The next time is counted from the answer.
      await page().clock.runFor(31_000);
      await until(() => alerts().length === asked, { what: 'one more request' });
    }
    expect(alerts().slice(2)).toEqual(['1', '1']);
    await page().mouse.move(300, 300);
    await page().clock.runFor(31_000);
    await until(() => alerts().length === 5, { what: 'one more request' });
    expect(alerts().at(-1)).toBeUndefined();
  });
});
