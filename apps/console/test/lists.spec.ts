import { until } from '@switchboard/testing';
import {
  browserForFacts,
  COLLEAGUE_ID,
  describePages,
  listOf,
  type PretendedGateway,
  Refusal,
  signedInWith,
} from './pretended-gateway';

const AT = '2026-05-04T10:00:00.000Z';

describePages('lists', () => {
  const open = browserForFacts();
  let gateway: PretendedGateway;
  beforeEach(async () => {
    gateway = await open();
  });

  const page = () => gateway.page;
  const says = (words: string | RegExp) => gateway.says(words);

  const approval = {
    ...{ id: 'a1', route: 'gateway.staff.grant', summary: 'Make Grace Holm an owner', method: 'PUT', path: '/v1/x' },
    ...{ botId: null, requestedBy: { id: COLLEAGUE_ID, name: 'Grace Holm' }, requestedAt: AT, expiresAt: AT },
    ...{ state: 'pending', decidedBy: null, decidedAt: null, comment: null, mayDecide: true, body: null },
  };

  it('a row that is opened and closed leaves the page of the list', async () => {
    gateway.answer({ 'GET /v1/approvals': listOf(approval), 'GET /v1/approvals/*': approval });
    await page().goto('/console/approvals?after=second');
    await page().getByRole('link', { name: 'Makes somebody an owner or an administrator' }).click();
    await says('Whoever asked can then do exactly this, once.');
    expect(new URL(page().url()).search).toBe('?after=second&approval=a1');
    await page().keyboard.press('Escape');
    await gateway.dialog().waitFor({ state: 'hidden' });
    expect(new URL(page().url()).search).toBe('?after=second');

    // What waits for this member of staff is told in the menu.
    expect(
      await page()
        .getByRole('link', { name: /Approvals/ })
        .innerText(),
    ).toMatch(/Approvals\s+1/);
  });

  it('a page whose last row was dealt with gives way to the page before it', async () => {
    const earlier = { ...approval, id: 'a0', route: 'gateway.bots.remove', summary: 'Remove a bot' };
    let left: object[] = [approval];
    const first = { data: [earlier], page: { next: 'second', prev: null } };
    gateway.answer({
      'GET /v1/approvals': ({ url }) =>
        url.searchParams.get('after') === 'second'
          ? { data: left, page: { next: null, prev: left[0] ? 'first' : null } }
          : first,
    });
    await page().clock.install();
    await page().goto('/console/approvals?after=second');
    await says('Makes somebody an owner or an administrator');
    left = [];
    await page().clock.runFor(16_000);
    await says('Remove a bot');
    expect(new URL(page().url()).search).toBe('?after=first');

    // Whoever comes by a link has not seen the page before it.
    await page().goto('/console/approvals?after=second');
    await says('Remove a bot');
    expect(new URL(page().url()).search).toBe('');
  });

  it('a list that is asked for again by itself is not dimmed meanwhile', async () => {
    const alert = {
      ...{ id: 'e1', title: { en: 'Usage is high', ru: 'Расход велик' }, state: 'firing', severity: 'critical' },
      ...{ subject: 'books', since: AT },
    };
    let answer = (): void => undefined;
    gateway.answer({ 'GET /v1/alerts': listOf(alert) });
    await page().clock.install();
    await page().goto('/console/alerts');
    await says('Usage is high');
    gateway.answer({ 'GET /v1/alerts': () => new Promise((resolve) => (answer = () => resolve(listOf(alert)))) });
    await page().clock.runFor(31_000);
    await until(() => gateway.askedFor('GET /v1/alerts').length > 1, { what: 'the list asked for again' });
    expect(await page().getByRole('table').getAttribute('aria-busy')).toBeNull();
    answer();
  });

  it('a list is read again after what was seen of it was refused as out of date', async () => {
    await page().goto('/console/staff');
    gateway.answer({ 'PUT /v1/staff/*': new Refusal(412, 'revision_mismatch') });
    await page().getByRole('button', { name: 'Actions: Grace Holm' }).click();
    await page().getByRole('menuitem', { name: 'Name and address' }).click();
    const asked = gateway.askedFor('GET /v1/staff').length;
    await gateway.dialog().getByRole('button', { name: 'Save' }).click();
    await says('refused: revision_mismatch');
    await until(() => gateway.askedFor('GET /v1/staff').length > asked, { what: 'the list read again' });
  });

  it('people who were found with one bot are not shown as those of another', async () => {
    const contact = (botId: string, name: string) => ({
      ...{ contactId: name, userId: COLLEAGUE_ID, botId, channel: 'telegram', name, startedAt: AT, blockedAt: null },
    });
    const bot = { state: 'active', describedBy: 'gateway', mistakes: [], channel: 'telegram', hidesFile: false };
    gateway.answer({
      'GET /v1/bots': listOf(
        ...['Books', 'Pets'].map((name) => ({
          ...bot,
          ...{ id: name.toLowerCase(), name, changedAt: AT, revision: '1' },
        })),
      ),
      'GET /v1/contacts': listOf(contact('pets', 'Petra')),
      'POST /v1/contacts/find': { contacts: [contact('books', 'Bertha')], isCut: false },
    });
    await page().goto('/console/people?bot=books');
    const field = page().getByRole('searchbox');
    await field.fill('1');
    await field.press('Enter');
    await says('Bertha');
    await page()
      .getByRole('button', { name: /Bot.*Books|Books.*Bot/ })
      .first()
      .click();
    await page().getByRole('option', { name: /Pets/ }).click();
    await says('Petra');
    expect(await gateway.text()).not.toContain('Bertha');
  });

  it('filters that are saved in two tabs are all there', async () => {
    gateway.answer({ 'GET /v1/conversations': listOf() });
    await page().goto('/console/conversations?bot=books');
    await gateway.press('Saved filters');
    await page().getByRole('menuitem', { name: 'Save these filters…' }).click();
    const keep = `switchboard.saved-filters`;
    const theirs = [{ path: '/console/conversations', name: 'Theirs', search: '?bot=pets' }];
    // What another tab does.
    await page().evaluate(([key, value]) => localStorage.setItem(key!, value!), [keep, JSON.stringify(theirs)]);
    await gateway.dialog().getByRole('textbox').fill('Ours');
    await gateway.dialog().getByRole('button', { name: 'Save' }).click();
    const kept = await page().evaluate<string>(`localStorage.getItem('${keep}')`);
    expect((JSON.parse(kept) as typeof theirs).map(({ name }) => name)).toEqual(['Theirs', 'Ours']);
    await page().evaluate(`
      localStorage.setItem('${keep}', '[]');
      dispatchEvent(new StorageEvent('storage', { key: '${keep}' }));
    `);
    await gateway.press('Saved filters');
    await page().getByRole('menuitem').first().waitFor();
    expect(await page().getByRole('menuitem').allInnerTexts()).toEqual(['Save these filters…']);
  });

  it('who may see staff and not change them sees where they are signed in, and signs nobody out', async () => {
    const session = { id: 's1', device: 'Firefox on Linux', createdAt: AT, seenAt: AT };
    gateway.answer({
      'GET /v1/session': signedInWith('staff:read'),
      'GET /v1/staff/*/sessions': { data: [session, { ...session, id: 's2', device: 'Chrome on Android' }] },
    });
    await page().goto('/console/staff');
    await page().getByRole('button', { name: 'Actions: Grace Holm' }).click();
    expect(await page().getByRole('menuitem').allInnerTexts()).toEqual(['Where they are signed in']);
    await page().getByRole('menuitem').click();
    await says('Firefox on Linux');
    expect(await gateway.dialog().getByRole('button').allInnerTexts()).toEqual(['', 'Close']);
  });

  it('the rights of a key are chosen from what whoever makes it may do, in words', async () => {
    gateway.answer({
      'GET /v1/session': signedInWith('keys:read', 'keys:write', 'webhooks:*'),
      'GET /v1/keys': listOf(),
      'POST /v1/keys': new Refusal(409, 'gateway.too_many_keys'),
    });
    await page().goto('/console/keys');
    await gateway.press('New key');
    const rights = gateway.dialog().getByRole('checkbox');
    expect(await rights.count()).toBe(3);
    await gateway.dialog().getByText('See webhooks').click();
    await gateway.dialog().getByLabel('Name').fill('Shop backend');
    await gateway.dialog().getByLabel('Team').fill('shop');
    await gateway.press('Make the key');
    await until(() => gateway.askedFor('POST /v1/keys').length > 0, { what: 'the key asked for' });
    expect(JSON.parse(gateway.askedFor('POST /v1/keys')[0]!.body!)).toMatchObject({ scopes: ['webhooks:read'] });
  });

  it('where a made-up company is among what one sees, every page says so, and that of people says where its people are', async () => {
    await page().goto('/console/people');
    await says('Nobody yet');
    expect(await gateway.text()).not.toContain('made-up');
    gateway.answer({ 'GET /v1/demo': { isThere: true } });
    await page().reload();
    await says('Part of what you see is a made-up company');
    await says('The people of the made-up company have started none');
  });

  it('of roles, the rights that are about something are listed, in words', async () => {
    const scopes = ['bots:read', 'pets:read', 'rooms:write', '!audit:export'];
    gateway.answer({ 'GET /v1/roles': { roles: [{ name: 'support', scopes, isBuiltIn: true }] } });
    await page().goto('/console/staff?tab=roles');
    await says('See bots');
    await says('Save the audit log as a file');
    expect(await gateway.text()).not.toMatch(/pets|rooms/);
  });

  it('colleagues whose names somebody may not see are called colleagues', async () => {
    const text = 'You sell books.';
    const prompt = { id: 'p1', version: 1, text, note: null, characters: 15, origin: 'console', createdAt: AT };
    gateway.answer({
      'GET /v1/session': signedInWith('prompts:read', 'bots:read'),
      'GET /v1/prompts/books': {
        botId: 'books',
        source: 'console',
        prompt,
        release: null,
        described: prompt,
        revision: 1,
      },
      'GET /v1/prompts/books/versions': listOf({ ...prompt, createdBy: COLLEAGUE_ID, isInForce: true }),
    });
    await page().goto('/console/prompts/books?tab=versions');
    await says('a colleague');
    expect(await page().getByText('a colleague').getAttribute('title')).toBe('…000002');
  });
});
