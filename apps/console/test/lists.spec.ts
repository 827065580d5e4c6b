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
