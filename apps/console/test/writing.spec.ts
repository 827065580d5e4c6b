import { until } from '@switchboard/testing';
import {
  browserForFacts,
  COLLEAGUE_ID,
  describePages,
  listOf,
  type PretendedGateway,
  Refusal,
} from './pretended-gateway';

const AT = '2026-05-04T10:00:00.000Z';
const PERSON = '0190a000-0000-7000-8000-0000000000aa';

describePages('what is being written', () => {
  const open = browserForFacts();
  let gateway: PretendedGateway;
  beforeEach(async () => {
    gateway = await open();
  });

  const page = () => gateway.page;
  const says = (words: string | RegExp) => gateway.says(words);
  const press = (name: string | RegExp) => gateway.press(name);

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
    await gateway.dialog().getByRole('button', { name: 'Save' }).click();
    await says('refused: revision_mismatch');
    expect(gateway.askedFor('PATCH /v1/webhook-endpoints/*').map(({ headers }) => headers['if-match'])).toEqual([
      '"1"',
    ]);
  });

  it('an endpoint of some bots stays one of these when the bots are not told, or one is gone', async () => {
    const endpoint = {
      ...{ id: 'e1', url: 'https://shop.example/hook', description: 'Shop', types: ['payments.invoice.paid.v1'] },
      ...{ botIds: ['books', 'gone'], content: 'thin', ordered: false, state: 'enabled', disabledReason: null },
      ...{ disabledAt: null, owner: { kind: 'staff', id: COLLEAGUE_ID }, createdAt: AT, secrets: [], revision: 1 },
      health: { failingSince: null, failures: 0, lastSuccessAt: null, lastFailureAt: null, waiting: 0 },
    };
    const saved = () =>
      gateway
        .askedFor('PATCH /v1/webhook-endpoints/*')
        .map(({ body }) => (JSON.parse(body!) as typeof endpoint).botIds);
    gateway.answer({
      'GET /v1/webhook-endpoints/*': endpoint,
      'GET /v1/webhook-deliveries': listOf(),
      'GET /v1/webhook-types': { types: [] },
      'PATCH /v1/webhook-endpoints/*': endpoint,
    });
    const change = async () => {
      await press('Change');
      await gateway.dialog().getByLabel('What it is for').fill('The new shop');
      await gateway.dialog().getByRole('button', { name: 'Save' }).click();
      await gateway.dialog().waitFor({ state: 'hidden' });
    };
    await page().goto('/console/webhooks/e1');
    await change();
    gateway.answer({ 'GET /v1/bots': new Refusal(429, 'too_many_requests') });
    await page().goto('/console/webhooks/e1');
    await change();
    expect(saved()).toEqual([
      ['books', 'gone'],
      ['books', 'gone'],
    ]);
    await press('Change');
    await gateway
      .dialog()
      .getByRole('radio', { name: /Everything/ })
      .click({ force: true });
    await gateway.dialog().getByRole('button', { name: 'Save' }).click();
    await until(() => saved().length === 3, { what: 'the endpoint saved' });
    expect(saved()[2]).toBeNull();
  });

  it('a limit of alerts that was emptied is asked for and not taken for nothing', async () => {
    const settings = {
      ...{ zone: 'UTC', quietHours: null, warnExcessMicrosPerHour: 5_000_000, pageExcessMicrosPerHour: 9_000_000 },
      ...{ throttle: true, throttleHours: 24, revision: 1 },
    };
    gateway.answer({ 'GET /v1/alert-settings': settings, 'PUT /v1/alert-settings': settings });
    await page().goto('/console/alerts?tab=settings');
    const field = page().getByRole('textbox', { name: /Warn/ });
    await field.fill('');
    await press('Save');
    await says('Fill this in.');
    expect(gateway.askedFor('PUT /v1/alert-settings')).toEqual([]);
    await field.fill('7');
    await field.press('Enter');
    await until(() => gateway.askedFor('PUT /v1/alert-settings').length > 0, { what: 'the settings saved' });
    const [{ body } = { body: null }] = gateway.askedFor('PUT /v1/alert-settings');
    expect(JSON.parse(body!)).toMatchObject({ warnExcessMicrosPerHour: 7_000_000, pageExcessMicrosPerHour: 9_000_000 });
  });

  it('the language of an answer is the one that was typed, also when it is the only one left', async () => {
    const faq = {
      ...{ id: 'f1', state: 'ready', problem: null, asked: 0, createdAt: AT, changedAt: AT, revision: 1 },
      texts: [
        { locale: 'en', question: 'When are you open?', answer: 'Always.' },
        { locale: 'ru', question: 'Когда вы открыты?', answer: 'Всегда.' },
      ],
    };
    gateway.answer({ 'GET /v1/knowledge/*/faq': listOf(faq), 'PUT /v1/knowledge/*/faq/*': faq });
    await page().goto('/console/knowledge/books?tab=faq');
    await page().getByText('When are you open?').click();
    await gateway.dialog().getByLabel('Language').first().fill('de');
    await gateway.dialog().getByLabel('Question').first().fill('Wann?');
    await gateway.dialog().getByRole('button', { name: 'Without this language' }).last().click();
    await gateway.dialog().getByRole('button', { name: 'Save' }).click();
    await until(() => gateway.askedFor('PUT /v1/knowledge/*/faq/*').length > 0, { what: 'the answer saved' });
    const [{ body } = { body: null }] = gateway.askedFor('PUT /v1/knowledge/*/faq/*');
    expect(JSON.parse(body!)).toEqual({ texts: [{ locale: 'de', question: 'Wann?', answer: 'Always.' }] });
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
    expect(await gateway.text()).not.toContain('This was changed meanwhile');
  });

  it('what is written of a bot is not left unsaved without a question', async () => {
    const saved = { ...bot, revision: '2', description: { name: 'Books', assistant: { model: 'large' } } };
    gateway.answer({
      'GET /v1/bots/*': bot,
      'PATCH /v1/bots/*': () => {
        gateway.answer({ 'GET /v1/bots/*': saved });
        return saved;
      },
    });
    await page().goto('/console/bots/books');
    const model = page().getByLabel(/^Model/);
    await model.waitFor();
    const history = page().getByRole('tab', { name: 'History' });
    await history.click();
    await page().getByRole('tab', { name: 'Settings' }).click();
    await model.fill('large');
    await history.click();
    await says('Leave without saving?');
    await gateway.dialog().getByRole('button', { name: 'Cancel' }).click();
    expect(await model.inputValue()).toBe('large');
    await model.press('Enter');
    await says('Saved: it counts within two seconds');
    await history.click();
    await page().getByRole('tab', { name: 'Settings' }).click();
    await model.fill('tiny');
    await page().getByRole('link', { name: 'Conversations' }).first().click();
    await gateway.dialog().getByRole('button', { name: 'Leave it' }).click();
    await page().waitForURL('**/console/conversations');
  });

  it('a profile that was only looked at is left without a question', async () => {
    const profile = { userId: PERSON, name: 'Ann', locale: 'en', timeZone: 'UTC', registeredAt: AT, revision: 1 };
    gateway.answer({
      'GET /v1/session': { staff: null, person: { id: PERSON, userId: PERSON, amr: ['link'], provenAt: AT } },
      'GET /v1/me': profile,
      'GET /v1/me/consents': { consents: [], history: [] },
    });
    await page().goto('/me/profile', { waitUntil: 'networkidle' });
    await page().getByRole('link', { name: 'Consents' }).first().click();
    await page().waitForURL('**/me/consents');
  });

  it('a reason that is too short is told, and by no button that cannot be pressed', async () => {
    gateway.answer({
      'GET /v1/conversations/c1': {
        ...{ id: 'c1', botId: 'books', chatId: 'x', userId: PERSON, startedAt: AT, activeAt: AT, closedAt: null },
        ...{ messages: 1, turns: 0, outcomes: [], good: 0, bad: 0, costMicros: 10 },
      },
      'GET /v1/conversations/c1/turns': listOf(),
      'GET /v1/conversations/c1/messages': listOf(),
    });
    await page().goto('/console/conversations/c1');
    await press('Read what was said');
    const reason = gateway.dialog().getByRole('textbox');
    await reason.fill('  a ');
    await gateway.dialog().getByRole('button', { name: 'Read what was said' }).click();
    await says('At least 3 characters.');
    expect(gateway.askedFor('GET /v1/conversations/c1/messages')).toEqual([]);
    await reason.fill('A complaint');
    await gateway.dialog().getByRole('button', { name: 'Read what was said' }).click();
    await until(() => gateway.askedFor('GET /v1/conversations/c1/messages').length > 0, { what: 'the messages' });
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

  const draft = {
    ...{ id: 'd1', basedOn: { id: 'p1', version: 1 }, text: 'You sell books.', note: '', createdAt: AT },
    ...{ createdBy: COLLEAGUE_ID, changedAt: AT, changedBy: COLLEAGUE_ID, revision: 1 },
  };
  const answersOfDraft = (now: object) => {
    const written = { id: 'p1', version: 1, text: 'You sell books.', note: null, characters: 15, origin: 'console' };
    const prompt = { ...written, createdAt: AT, createdBy: COLLEAGUE_ID, isInForce: true };
    return {
      'GET /v1/prompts/books': {
        botId: 'books',
        source: 'console',
        prompt,
        release: null,
        described: prompt,
        revision: 1,
      },
      'GET /v1/prompts/books/drafts': listOf(now),
      'GET /v1/prompts/books/versions': listOf(prompt),
    };
  };
  const draftText = () => page().getByLabel('What the assistant is told');

  /** A colleague saves meanwhile, and the page asks anew. */
  async function colleagueSavesDraft(now: object): Promise<void> {
    gateway.answer(answersOfDraft(now));
    const before = gateway.askedFor('GET /v1/prompts/books/drafts').length;
    await page().clock.fastForward(70_000);
    await page().evaluate(`dispatchEvent(new Event('visibilitychange'))`);
    await until(() => gateway.askedFor('GET /v1/prompts/books/drafts').length > before, {
      what: 'the draft read anew',
    });
  }

  it('a draft says whose it is, also where the service tells the kind of whoever has written it', async () => {
    gateway.answer(
      answersOfDraft({ ...draft, createdBy: `staff:${COLLEAGUE_ID}`, changedBy: `staff:${COLLEAGUE_ID}` }),
    );
    await page().goto('/console/prompts/books?tab=draft');
    await says('Draft of Grace Holm');
  });

  it('a draft of a prompt that a colleague saves is shown to whoever has written nothing', async () => {
    gateway.answer(answersOfDraft(draft));
    await page().clock.install();
    await page().goto('/console/prompts/books?tab=draft');
    await says('Draft of Grace Holm');
    await colleagueSavesDraft({ ...draft, text: 'You sell old books.', revision: 2 });
    await until(async () => (await draftText().inputValue()) === 'You sell old books.', {
      what: 'what they have saved',
    });
    expect(await page().getByRole('button', { name: 'Save', exact: true }).isDisabled()).toBe(true);
    expect(await gateway.text()).not.toContain('Not saved');
  });

  it('what is written of a prompt stays when a colleague saves, and is not saved over theirs', async () => {
    gateway.answer(answersOfDraft(draft));
    await page().clock.install();
    await page().goto('/console/prompts/books?tab=draft');
    await says('Draft of Grace Holm');
    await draftText().fill('You sell books, kindly.');
    await colleagueSavesDraft({ ...draft, text: 'You sell old books.', revision: 2 });
    await says('Somebody else has saved this draft meanwhile.');
    expect(await draftText().inputValue()).toBe('You sell books, kindly.');
    expect(await page().getByRole('button', { name: 'Save', exact: true }).isDisabled()).toBe(true);
    await page().reload();
    await says('Somebody else has saved this draft meanwhile.');
    expect(await draftText().inputValue()).toBe('You sell books, kindly.');
    await press('Load theirs');
    expect(await draftText().inputValue()).toBe('You sell old books.');
    expect(await gateway.text()).not.toContain('Not saved');
  });

  it('what is typed of a prompt while it is being saved is not saved yet', async () => {
    let answer = (): void => undefined;
    const saved = { ...draft, text: 'You sell books, kindly.', revision: 2 };
    gateway.answer({
      ...answersOfDraft(draft),
      'PATCH /v1/prompts/books/drafts/*': () =>
        new Promise((resolve) => {
          answer = () => {
            gateway.answer(answersOfDraft(saved));
            resolve(saved);
          };
        }),
    });
    await page().goto('/console/prompts/books?tab=draft');
    await says('Draft of Grace Holm');
    await draftText().fill('You sell books, kindly.');
    await page().keyboard.press('ControlOrMeta+s');
    await until(() => gateway.askedFor('PATCH /v1/prompts/books/drafts/*').length > 0, { what: 'the draft saved' });
    await draftText().fill('You sell books, kindly and fast.');
    const before = gateway.askedFor('GET /v1/prompts/books/drafts').length;
    answer();
    await until(() => gateway.askedFor('GET /v1/prompts/books/drafts').length > before, {
      what: 'the draft read anew',
    });
    await until(() => page().getByRole('button', { name: 'Save', exact: true }).isEnabled(), {
      what: 'the end of saving',
    });
    await says('Not saved');
    expect(await draftText().inputValue()).toBe('You sell books, kindly and fast.');
    expect(await gateway.text()).not.toContain('Somebody else has saved');
  });

  it('what is typed while a form is being saved stays, and is saved next', async () => {
    const profile = { userId: PERSON, name: 'Ann', locale: 'en', timeZone: 'UTC', registeredAt: AT, revision: 1 };
    const saved = { ...profile, name: 'Anna', revision: 2 };
    let answer = (): void => undefined;
    gateway.answer({
      'GET /v1/session': { staff: null, person: { id: PERSON, userId: PERSON, amr: ['link'], provenAt: AT } },
      'GET /v1/me': profile,
      'PATCH /v1/me': () =>
        new Promise((resolve) => {
          answer = () => {
            gateway.answer({ 'GET /v1/me': saved });
            resolve(saved);
          };
        }),
    });
    const patches = () => gateway.askedFor('PATCH /v1/me');
    await page().goto('/me/profile');
    const name = page().getByLabel('Name');
    await name.fill('Anna');
    await name.press('Enter');
    await until(() => patches().length > 0, { what: 'the profile saved' });
    await name.press('End');
    await page().keyboard.type(' Lee');
    const before = gateway.askedFor('GET /v1/me').length;
    answer();
    await until(() => gateway.askedFor('GET /v1/me').length > before, { what: 'the profile read anew' });
    await until(() => page().getByRole('button', { name: 'Save' }).isEnabled(), { what: 'the end of saving' });
    await name.press('Enter');
    await until(() => patches().length > 1, { what: 'the profile saved once more' });
    expect(JSON.parse(patches()[1]!.body!)).toMatchObject({ name: 'Anna Lee' });
    expect(patches().map(({ headers }) => headers['if-match'])).toEqual(['"1"', '"2"']);
    expect(await gateway.text()).not.toContain('This was changed meanwhile');
    answer();
  });

  it('what is written of a prompt is there after a look at another tab, and after the page was loaded anew', async () => {
    gateway.answer(answersOfDraft(draft));
    await page().goto('/console/prompts/books?tab=draft');
    await says('Draft of Grace Holm');
    const field = draftText();
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
});
