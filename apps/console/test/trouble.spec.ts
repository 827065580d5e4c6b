import AxeBuilder from '@axe-core/playwright';
import { until } from '@switchboard/testing';
import {
  browserForFacts,
  COLLEAGUE_ID,
  describePages,
  listOf,
  type PretendedGateway,
  Refusal,
  signedInWith,
  STAFF_ID,
} from './pretended-gateway';

const AT = '2026-05-04T10:00:00.000Z';
const PERSON = '0190a000-0000-7000-8000-0000000000aa';
const BUSY = new Refusal(429, 'too_many_requests');

describePages('the console when not all goes well', () => {
  const open = browserForFacts();
  let gateway: PretendedGateway;
  beforeEach(async () => {
    gateway = await open();
  });

  const page = () => gateway.page;
  const says = (words: string | RegExp) => gateway.says(words);
  const press = (name: string | RegExp) => gateway.press(name);
  const dialog = () => gateway.dialog();
  const text = () => gateway.text();

  const conversation = {
    ...{ id: 'c1', botId: 'books', chatId: 'x', userId: PERSON, startedAt: AT, activeAt: AT, closedAt: null },
    ...{ messages: 400, turns: 201, outcomes: [], good: 0, bad: 0, costMicros: 10 },
  };

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

  it('the overview tells what waits for a decision of whoever looks, and not what others decide', async () => {
    const asked = { id: 'a1', route: 'gateway.staff.grant', summary: 'x', state: 'pending', mayDecide: true };
    gateway.answer({
      'GET /v1/alerts': listOf(),
      'GET /v1/inbound-updates/quarantined/summary': { bots: [] },
      'GET /v1/services/*/bus/dead-letters/summary': { groups: [] },
      'GET /v1/approvals': listOf(asked, { ...asked, id: 'a2', mayDecide: false }),
    });
    await page().goto('/console/');
    await says('1 request waits for your decision');
    expect(await text()).not.toContain('Nothing waits for you');
  });

  it('a person that nobody knows is not shown as one without a name', async () => {
    gateway.answer({
      'GET /v1/people/*/contacts': { contacts: [], chats: [] },
      'GET /v1/people/*': new Refusal(404, 'gateway.user_not_found'),
    });
    await page().goto(`/console/people/${PERSON}`);
    await says('Nobody is known by this id');
    expect(await text()).not.toContain('Without a name');
  });

  it('usage that does not answer can be asked for with other filters', async () => {
    gateway.answer({ 'GET /v1/usage': new Refusal(403, 'forbidden') });
    await page().goto('/console/usage');
    await says('refused: forbidden');
    await page()
      .getByRole('button', { name: /All bots/ })
      .waitFor();
  });

  it('files of the same name are told apart, and one that begins late says why', async () => {
    const row = {
      ...{ id: 'f1', report: 'growth', format: 'csv', state: 'done', createdAt: AT, finishedAt: AT, rows: 3 },
      ...{ totalRows: 3, problem: null, bytes: 10, fileName: 'growth-2026-05-04.csv', link: '/x', expiresAt: AT },
      ...{ botId: 'books', from: '2026-04-01', to: '2026-04-30', keptFrom: '2026-04-10' },
    };
    gateway.answer({ 'GET /v1/analytics/exports': listOf(row, { ...row, id: 'f2', botId: null, keptFrom: null }) });
    await page().goto('/console/exports');
    await says('Books, 1 Apr 2026 – 30 Apr 2026');
    await says('All bots, 1 Apr 2026 – 30 Apr 2026');
    await says('Days before 10 Apr 2026 are no longer kept.');
  });

  it('failures are not called none while a service is silent, and why it is silent is told', async () => {
    const refusals: Record<string, Refusal> = {
      ...{ 'chat-ai': BUSY, analytics: new Refusal(403, 'forbidden'), gateway: new Refusal(403, 'forbidden') },
      ...{ 'tts-worker': new Refusal(503, 'upstream_unavailable') },
    };
    gateway.answer({
      'GET /v1/services/*/bus/dead-letters/summary': ({ url }) =>
        refusals[url.pathname.split('/')[3]!] ?? { groups: [] },
    });
    await page().goto('/console/failures');
    await says('Asked too often: of chat-ai nothing is known yet. Try again in a moment.');
    await says('Your role may not see what analytics, gateway gave up.');
    await says('tts-worker did not answer.');
    await says('Not all have answered');
    expect(await text()).not.toContain('Nothing failed');

    refusals['chat-ai'] = refusals['tts-worker'] = new Refusal(403, 'forbidden');
    await press('Try again');
    await says('Your role may not see what analytics, chat-ai, gateway, tts-worker gave up.');
    expect(await page().getByRole('button', { name: 'Try again' }).count()).toBe(0);
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

  it('the wizard does not go on with a token of which the messenger has not said whose it is', async () => {
    gateway.answer({ 'POST /v1/bots/channels/check': { findings: [] } });
    await page().goto('/console/bots/new');
    await page().getByRole('textbox', { name: 'Token' }).fill('7000000003:books');
    await press('Check it');
    await says('The channel does not know this token.');
    expect(await page().getByLabel('Id', { exact: true }).count()).toBe(0);
  });

  /** Answers of the services to a draft, by what is in it. */
  async function describeBooks(errorsOf: (description: { languages?: string[] }) => object[]): Promise<void> {
    gateway.answer({
      'POST /v1/bots/channels/check': { account: { id: '1', name: 'Shop', username: 'shop_bot' }, findings: [] },
      'POST /v1/bots/drafts/check': ({ body }) => ({
        errors: errorsOf((JSON.parse(body!) as { description: object }).description),
        secrets: [],
        unchecked: [],
      }),
    });
    await page().goto('/console/bots/new');
    await page().getByRole('textbox', { name: 'Token' }).fill('7000000003:shop');
    await press('Check it');
    await page().getByLabel('Id', { exact: true }).waitFor();
  }

  it('the wizard says at the step and the field what does not fit', async () => {
    const detail = { en: 'A language is written as en, ru or pt-BR.', ru: 'Язык пишется так: en, ru или pt-BR.' };
    await describeBooks(({ languages }) =>
      languages?.includes('English') ? [{ pointer: '/languages/0', code: 'invalid_format', detail }] : [],
    );
    const languages = page().getByLabel('Languages');
    await languages.fill('English');
    await press('Continue');
    await says(detail.en);
    expect(await languages.getAttribute('aria-invalid')).toBe('true');
    await languages.fill('en');
    await languages.press('Enter');
    await page().getByLabel('What it is told').waitFor();
  });

  it('the wizard does not go on with the id of another bot, and leads back to it when somebody was faster', async () => {
    await describeBooks(() => []);
    const id = page().getByLabel('Id', { exact: true });
    await id.fill('books');
    await press('Continue');
    await says('Another bot has this id. Choose another one.');
    await id.fill('shop');
    await id.press('Enter');
    await page().getByLabel('What it is told').waitFor();
    await press('Continue');
    await page().getByLabel('A person a day').first().waitFor();
    await press('Continue');
    await says('All services can use it.');
    gateway.answer({ 'POST /v1/bots': new Refusal(409, 'gateway.bot_described_by_file') });
    await press('Create the bot');
    await says('refused: gateway.bot_described_by_file');
    await press('Mend it');
    await says('Another bot has this id. Choose another one.');
    expect(await id.inputValue()).toBe('shop');
  });

  it('the way to a page can be gone back', async () => {
    const description = { name: 'Books' };
    gateway.answer({
      'GET /v1/bots/*': {
        ...{ id: 'books', name: 'Books', channel: 'telegram', state: 'active', describedBy: 'gateway' },
        ...{ hidesFile: false, mistakes: [], changedAt: AT, createdAt: AT, revision: '1', secrets: [], description },
      },
    });
    await page().goto('/console/bots/books');
    await page().getByRole('navigation', { name: 'Where this page is' }).getByText('Bots').click();
    await page().waitForURL('**/console/bots');
  });

  it('who works with one bot is offered no new one', async () => {
    gateway.answer({
      'GET /v1/session': {
        staff: {
          ...{ id: STAFF_ID, roles: ['editor'], scopes: [], amr: ['pwd'], provenAt: AT },
          bots: [{ botId: 'books', scopes: ['bots:read', 'bots:write', 'secrets:write'] }],
        },
        person: null,
      },
    });
    await page().goto('/console/bots');
    await says('Books');
    expect(await text()).not.toContain('New bot');
    await page().goto('/console/bots/new');
    await says(/bots:write/);
  });

  it('who loads the page with their recovery codes anew is told that they are in, and where new ones are made', async () => {
    gateway.answer({ 'POST /v1/staff-sign-in/invitation/read': new Refusal(410, 'gateway.invitation_expired') });
    await page().goto('/console/welcome#used');
    await says('You are signed in already');
    await page().getByRole('link', { name: 'To the recovery codes' }).click();
    await page().waitForURL('**/console/account');
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
      'GET /v1/conversations/c1': conversation,
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

  it('answers of a conversation that are refused are not asked for without end', async () => {
    const message = {
      ...{ id: 'm1', role: 'assistant', state: 'done', userId: PERSON, locale: 'en', text: 'Early words' },
      ...{ quoted: null, senderName: null, turnId: 't1', sentAt: AT, editedAt: null },
    };
    gateway.answer({
      'GET /v1/conversations/c1': conversation,
      'GET /v1/conversations/c1/turns': ({ url }) =>
        url.searchParams.has('after') ? BUSY : { data: [], page: { next: 'second', prev: null } },
      'GET /v1/conversations/c1/messages': listOf(message),
      'POST /v1/conversations/search': { matches: [], searched: 400, left: 0, next: null },
    });
    await page().goto('/console/conversations/c1');
    await press('Read what was said');
    await dialog().getByRole('textbox').fill('A complaint of the person.');
    await dialog().getByRole('button', { name: 'Read what was said' }).click();
    await says('Early words');
    await until(() => gateway.askedFor('GET /v1/conversations/c1/turns').length > 1, { what: 'the answers before' });
    for (const words of ['late', 'later', 'latest']) {
      await page().getByRole('searchbox').fill(words);
      await page().getByRole('searchbox').press('Enter');
      await until(() => gateway.askedFor('POST /v1/conversations/search').at(-1)?.body?.includes(`"${words}"`), {
        what: 'the search',
      });
    }
    expect(gateway.askedFor('GET /v1/conversations/c1/turns').map(({ url }) => url.searchParams.get('after'))).toEqual([
      null,
      'second',
    ]);
  });

  it('that earlier answers of a conversation were refused is told', async () => {
    gateway.answer({
      'GET /v1/conversations/c1': conversation,
      'GET /v1/conversations/c1/turns': ({ url }) =>
        url.searchParams.has('after') ? BUSY : { data: [], page: { next: 'second', prev: null } },
    });
    await page().goto('/console/conversations/c1');
    await press('Show earlier messages');
    await says('refused: too_many_requests');
  });

  it('conversations of one person say so, and lead to those of everybody', async () => {
    gateway.answer({ 'GET /v1/conversations': listOf() });
    await page().goto(`/console/conversations?person=${PERSON}`);
    await press(/…0000aa/);
    await until(() => !page().url().includes('person='), { what: 'conversations of everybody' });
  });

  it('an invitation that could not be read is not called spent', async () => {
    gateway.answer({
      'GET /v1/session': { staff: null, person: null },
      'POST /v1/staff-sign-in/invitation/read': BUSY,
    });
    await page().goto('/console/welcome#token');
    await says('refused: too_many_requests');
    gateway.answer({ 'POST /v1/staff-sign-in/invitation/read': new Refusal(410, 'gateway.invitation_expired') });
    await press('Try again');
    await says('This invitation counts no longer');
  });

  it('what a field does not take is told in the language of the page', async () => {
    gateway = await open({ locale: 'ru-RU' });
    gateway.answer({ 'POST /v1/staff-sign-in/invitation/read': { email: 'grace@example.com', name: 'Grace Holm' } });
    await page().goto('/console/welcome#token');
    await page().getByLabel('Пароль').fill('short');
    await press('Дальше');
    expect(await page().locator('.ui-field-error').innerText()).toMatch(/^Не меньше 12\sсимволов\.$/);
  });

  it('the menu shows the pages that somebody may see, and those alone', async () => {
    gateway.answer({
      'GET /v1/session': signedInWith('bots:read', 'updates:read'),
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

  it('the usage of a person begins where something is kept of it, and days that were refused can be changed', async () => {
    const used = { messages: 3, calls: 2, inputTokens: 10, cachedInputTokens: 0, outputTokens: 5, costMicros: 40 };
    const contact = {
      ...{ contactId: 'k1', userId: PERSON, botId: 'books', channel: 'telegram', name: 'P…a', startedAt: AT },
      blockedAt: null,
    };
    const daysAsked = ({ url }: { url: URL }) =>
      (Date.parse(url.searchParams.get('to')!) - Date.parse(url.searchParams.get('from')!)) / 86_400_000 + 1;
    gateway.answer({
      'GET /v1/people/*/contacts': { contacts: [contact], chats: [] },
      'GET /v1/conversations': listOf(),
      'GET /v1/people/*/deliveries': listOf(),
      'GET /v1/people/*/usage': (asked) =>
        daysAsked(asked) > 7
          ? new Refusal(422, 'analytics.days_not_kept')
          : {
              ...{ zone: 'UTC', keptFrom: '2026-05-03', isCounted: true, total: used, models: [], bots: [] },
              days: [{ day: '2026-05-04', ...used }],
            },
    });
    await page().clock.setFixedTime(AT);
    await page().goto(`/console/people/${PERSON}`);
    await page().getByRole('tab', { name: 'Usage' }).click();
    await says('refused: analytics.days_not_kept');
    await page()
      .getByRole('button', { name: /Last 28 days/ })
      .click();
    await page().getByRole('option', { name: 'Last 7 days' }).click();
    await says('Days before 3 May 2026 are no longer kept.');
    await press('As a table');
    expect(await page().getByRole('table').getByRole('row').allInnerTexts()).toEqual([
      'Date\tCost',
      '3 May 2026\t$0.00',
      '4 May 2026\t$0.00004',
    ]);
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

  const shop = {
    ...{ id: 'e1', url: 'https://shop.example/hook', description: 'Shop', types: [], botIds: null, content: 'thin' },
    ...{ ordered: false, state: 'enabled', disabledReason: null, disabledAt: null, createdAt: AT, secrets: [] },
    ...{ owner: { kind: 'staff', id: COLLEAGUE_ID }, revision: 1 },
    health: { failingSince: null, failures: 0, lastSuccessAt: null, lastFailureAt: null, waiting: 0 },
  };
  const waitsAs = (approvalId: string) =>
    new Refusal(423, 'approval_required', { params: { approvalId, expiresAt: '2036-01-01T00:00:00.000Z' } });
  const ownApproval = (id: string, state: string) => ({
    ...{ id, route: 'gateway.webhook-endpoints.test', summary: 'Send a test', method: 'POST', path: '/v1/x', state },
    ...{ botId: null, requestedBy: { id: COLLEAGUE_ID, name: 'Grace Holm' }, requestedAt: AT, expiresAt: AT },
    ...{ decidedBy: null, decidedAt: null, comment: null, mayDecide: false, body: null },
  });
  const kept = () => page().evaluate<string | null>(`localStorage.getItem('switchboard.waiting-requests')`);
  /** Asks for something that a colleague has to agree to, and does something else meanwhile. */
  async function waitForApproval(): Promise<void> {
    gateway.answer({
      'GET /v1/webhook-endpoints/*': shop,
      'GET /v1/webhook-deliveries': listOf(),
      'POST /v1/webhook-endpoints/*/test': waitsAs('a1'),
      'GET /v1/account/approvals': listOf(ownApproval('a1', 'pending')),
    });
    await page().goto('/console/webhooks/e1');
    // What waits is loaded after the page: until then the refusal is told.
    await until(
      async () => {
        const isAsked = await kept();
        const button = page().getByRole('button', { name: 'Send a test' });
        // Meanwhile it may be under way.
        if (!isAsked) await button.click({ timeout: 1000 }).catch(() => undefined);
        return isAsked;
      },
      { what: 'the request to be kept' },
    );
    await says(/Waiting: once they agree/);
    await gateway.dialog().getByRole('button', { name: 'Close' }).first().click();
    await page().getByText('Waiting: once they agree').waitFor({ state: 'hidden' });
  }

  it('what waits for an approval is there for whoever has asked, and goes when somebody else signs in', async () => {
    await waitForApproval();
    await page().goto('/console/bots');
    await says('Books');
    expect(await kept()).toContain('a1');
    gateway.answer({
      'GET /v1/session': {
        staff: { id: COLLEAGUE_ID, roles: ['owner'], scopes: ['*'], bots: [], amr: ['pwd'], provenAt: AT },
        person: null,
      },
    });
    await page().goto('/console/webhooks/e1');
    await until(async () => (await kept()) === null, { what: 'the requests of the former one to go' });
  });

  it('what waits for an approval stays when a person signs out of their own area', async () => {
    await waitForApproval();
    const profile = { userId: PERSON, name: 'Ann', locale: 'en', timeZone: 'UTC', registeredAt: AT, revision: 1 };
    gateway.answer({
      'GET /v1/session': { staff: null, person: { id: PERSON, userId: PERSON, amr: ['link'], provenAt: AT } },
      'GET /v1/me': profile,
      'DELETE /v1/session/*': {},
    });
    await page().goto('/me/profile', { waitUntil: 'networkidle' });
    await press(/Ann/);
    await page().getByRole('menuitem', { name: 'Sign out' }).click();
    await page().waitForURL('**/me/sign-in*');
    expect(await kept()).toContain('a1');
  });

  it('what was approved and is refused for another reason can be done later', async () => {
    await waitForApproval();
    gateway.answer({
      'GET /v1/account/approvals': listOf(ownApproval('a1', 'approved')),
      'POST /v1/webhook-endpoints/*/test': new Refusal(409, 'gateway.endpoint_disabled'),
    });
    await page().goto('/console/approvals?tab=own');
    const doIt = async () => {
      await page().getByRole('button', { name: 'Actions: Send a test' }).click();
      await page().getByRole('menuitem', { name: 'Do it now' }).click();
    };
    await doIt();
    await says('refused: gateway.endpoint_disabled');
    expect(await kept()).toContain('a1');
    gateway.answer({ 'POST /v1/webhook-endpoints/*/test': new Refusal(409, 'approval_unusable') });
    await doIt();
    await until(async () => (await kept()) === null, { what: 'what can never be done to be forgotten' });
  });

  it('of two requests that need an approval each is waited for', async () => {
    await page().clock.install();
    await waitForApproval();
    const states: Record<string, string> = { a2: 'pending', a3: 'pending' };
    let refuse = (): void => undefined;
    gateway.answer({
      'POST /v1/webhook-endpoints/*/test': ({ headers }) =>
        headers['x-approval']
          ? { deliveryId: 'd1' }
          : new Promise((resolve) => {
              refuse = () => resolve(waitsAs('a3'));
            }),
      'PATCH /v1/webhook-endpoints/*': ({ headers }) => (headers['x-approval'] ? shop : waitsAs('a2')),
      'GET /v1/account/approvals': () => listOf(...Object.entries(states).map(([id, state]) => ownApproval(id, state))),
    });
    await press('Send a test');
    await page().getByRole('button', { name: 'More' }).last().click();
    await page().getByRole('menuitem', { name: 'Disable' }).click();
    await gateway.dialog().getByRole('button', { name: 'Disable' }).click();
    await says(/Waiting: once they agree/);
    refuse();
    const approved = (route: string) => gateway.askedFor(route).flatMap(({ headers }) => headers['x-approval'] ?? []);
    await until(async () => (await kept())?.includes('a3'), { what: 'the second request' });
    states['a2'] = states['a3'] = 'approved';
    const sent = () => [...approved('POST /v1/webhook-endpoints/*/test'), ...approved('PATCH /v1/webhook-endpoints/*')];
    await page().clock.runFor(5000);
    await until(() => sent().length === 2, { what: 'both sent' });
    expect(sent()).toEqual(['a3', 'a2']);
  });

  it('deliveries are looked at often while something is due, and seldom while the next try is far away', async () => {
    const delivery = {
      ...{ id: 'd1', endpointId: 'e1', type: 'payments.invoice.paid.v1', subject: 's', sequence: 1, isTest: false },
      ...{ state: 'scheduled', outcome: null, reason: null, attempts: 3, createdAt: AT, endedAt: null },
    };
    gateway.answer({
      'GET /v1/webhook-endpoints/*': shop,
      'GET /v1/webhook-deliveries': listOf({ ...delivery, dueAt: '2026-05-05T10:00:00.000Z' }),
    });
    await page().clock.install({ time: AT });
    await page().goto('/console/webhooks/e1');
    await says('payments.invoice.paid.v1');
    const looked = () => gateway.askedFor('GET /v1/webhook-deliveries').length;
    await page().clock.runFor(20_000);
    expect(looked()).toBe(1);
    gateway.answer({ 'GET /v1/webhook-deliveries': listOf({ ...delivery, dueAt: '2026-05-04T10:00:40.000Z' }) });
    await page().clock.runFor(11_000);
    await until(() => looked() === 2, { what: 'the deliveries read anew' });
    await page().clock.runFor(3500);
    await until(() => looked() === 3, { what: 'the deliveries read again soon' });
  });

  it('the overview asks again whether bots can be used', async () => {
    gateway.answer({
      'GET /v1/alerts': listOf(),
      'GET /v1/inbound-updates/quarantined/summary': { bots: [] },
      'GET /v1/services/*/bus/dead-letters/summary': { groups: [] },
    });
    await page().clock.install();
    await page().goto('/console/');
    await says('Nothing waits for you');
    gateway.answer({
      'GET /v1/bots': listOf({
        ...{ id: 'books', name: 'Books', state: 'active', describedBy: 'file', channel: 'telegram' },
        ...{ mistakes: ['x'], hidesFile: false, changedAt: AT, revision: '1' },
      }),
    });
    await page().clock.runFor(31_000);
    await says('1 bot cannot work');
  });

  it('nobody is signed in by opening a link alone', async () => {
    const profile = { userId: PERSON, name: 'Ann', locale: 'en', timeZone: 'UTC', registeredAt: AT, revision: 1 };
    gateway.answer({
      'GET /v1/session': { staff: null, person: { id: PERSON, userId: PERSON, amr: ['link'], provenAt: AT } },
      'GET /v1/me': profile,
      'POST /v1/sign-in/links/redeem': { userId: PERSON, isNew: false, returnTo: '/me/profile' },
    });
    await page().goto('/me/sign-in#link=one');
    await says('You are signed in here as Ann already.');
    expect(gateway.askedFor('POST /v1/sign-in/links/redeem')).toEqual([]);
    await press('Sign in');
    await page().waitForURL('**/me/profile');
    expect(gateway.askedFor('POST /v1/sign-in/links/redeem').map(({ body }) => JSON.parse(body!))).toEqual([
      { link: 'one' },
    ]);
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

  it('whoever presses twice agrees once', async () => {
    let isCounted = false;
    gateway.answer({
      'GET /v1/session': { staff: null, person: { id: PERSON, userId: PERSON, amr: ['link'], provenAt: AT } },
      'GET /v1/me': { userId: PERSON, name: 'Ann', locale: 'en', timeZone: 'UTC', registeredAt: AT, revision: 1 },
      'GET /v1/me/statistics': () => ({ isCounted, month: '2026-05', zone: 'UTC', total: {}, days: [] }),
      'PUT /v1/me/consents/analytics': async () => {
        await new Promise((resolve) => setTimeout(resolve, 300));
        return { purpose: 'analytics', isGiven: (isCounted = true) };
      },
    });
    await page().goto('/me/');
    await page().getByRole('button', { name: 'Count my use' }).dblclick();
    await says('Counted from now on');
    expect(gateway.askedFor('PUT /v1/me/consents/analytics')).toHaveLength(1);
  });

  it('an act that has ended is one row of the audit log, and what it was done to is said in words', async () => {
    gateway = await open({ locale: 'ru-RU' });
    const entry = {
      ...{ id: '1.1', at: AT, actor: { kind: 'staff', id: STAFF_ID, label: 'Ada Lind' }, onBehalfOf: null },
      ...{ action: 'gateway.webhook-endpoints.replay', resource: { type: 'webhook-endpoint', id: 'e1' }, botId: null },
      ...{ changes: null, details: null, reason: null, approvalId: null, requestId: 'r1', result: 'begun', hash: 'h' },
    };
    const going = { ...entry, id: '1.3', requestId: 'r2' };
    gateway.answer({ 'GET /v1/audit/entries': listOf(going, { ...entry, id: '1.2', result: 'done' }, entry) });
    await page().goto('/console/audit');
    const rows = page().getByRole('row', { name: /Вебхук e1/ });
    await rows.first().waitFor();
    expect((await rows.allInnerTexts()).map((row) => /Сделано|Начато/.exec(row)?.[0])).toEqual(['Начато', 'Сделано']);
  });

  it('what is done by the clock is said in the language of the page, and of a newer service in its own', async () => {
    gateway = await open({ locale: 'ru-RU' });
    const schedule = { cron: '41 2 * * *', timeoutMs: 1, lateMs: 0, succeededAt: AT, nextAt: AT };
    const schedules = [
      { ...schedule, job: 'send-alerts', purpose: 'Tells staff of alerts.' },
      { ...schedule, job: 'newer', purpose: 'Does what is new.' },
    ];
    gateway.answer({
      'GET /v1/services/*/system': new Refusal(503, 'unavailable'),
      'GET /v1/services/analytics/system': { service: 'analytics', schedules },
    });
    await page().goto('/console/system?tab=schedules');
    await says('Сообщает сотрудникам о начатых и законченных тревогах');
    expect(await page().getByText('Does what is new.').getAttribute('lang')).toBe('en');
    expect(await text()).not.toContain('Tells staff of alerts.');
  });

  it('the palette can be read out, and its list is scrolled by keys', async () => {
    await page().goto('/console/audit');
    await page()
      .getByRole('button', { name: /Search/ })
      .first()
      .waitFor();
    await page().keyboard.press('Control+k');
    await dialog().getByRole('option', { name: 'Bots' }).first().waitFor();
    const { violations } = await new AxeBuilder({ page: page() }).setLegacyMode().include('.ui-palette').analyze();
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
    await page().keyboard.type('webhooks');
    await page().keyboard.press('Enter');
    await page().waitForURL('**/console/webhooks');
  });
});
