import AxeBuilder from '@axe-core/playwright';
import { until } from '@switchboard/testing';
import type { Page } from 'playwright-core';
import {
  access,
  ACCESS_ID,
  answers,
  CLAIM_TOKEN,
  GIFT_CODE,
  guestOrder,
  link,
  order,
  ORDER_ID,
  paid,
  plans,
  quoted,
  shop,
  subscription,
  SUBSCRIPTION_ID,
  YEARLY,
} from './person-with-vpn';
import { browserForFacts, describePages, listOf, PretendedGateway, Refusal } from './pretended-gateway';

const PHONE = { width: 360, height: 740 };

describePages('the area of a person who buys', () => {
  const open = browserForFacts();
  let gateway: PretendedGateway;

  const begin = async (options?: { locale?: string }) => {
    gateway = await open(options);
    gateway.answer(answers);
    await page().setViewportSize(PHONE);
  };
  const page = () => gateway.page;
  const { says, press } = {
    says: (words: string | RegExp) => gateway.says(words),
    press: (name: string | RegExp) => gateway.press(name),
  };
  const bodyOf = (route: string, n = 0) => JSON.parse(gateway.askedFor(route)[n]!.body!) as Record<string, unknown>;

  it.each([
    ['en', '/me/subscriptions', 'Connect'],
    ['ru', '/me/subscriptions', 'Подключение'],
    ['en', '/me/buy', 'Choose a plan'],
    ['ru', `/me/buy?subscription=${SUBSCRIPTION_ID}&item=${YEARLY}`, 'За оставшиеся дни'],
    ['en', '/me/buy?what=package', '100 GB more'],
    ['en', '/me/buy?what=top-up', 'Amount'],
    ['en', `/me/payments/${ORDER_ID}`, 'Open the payment page'],
    ['ru', '/me/payments', 'Часть денег возвращена'],
    ['en', '/me/balance', 'Set aside for an order'],
    ['en', '/me/invite', 'Your link'],
    ['ru', '/me/gifts', 'ждёт, пока откроют'],
    ['en', `/me/gift#${GIFT_CODE}`, 'Open the gift'],
    ['en', `/me/claim#${CLAIM_TOKEN}`, 'Take it over'],
    ['ru', '/shop/vpn?campaign=spring', 'Выберите тариф'],
  ])('can be read out and fits on a small phone: in %s %s', async (language, path, words) => {
    await begin({ locale: language === 'ru' ? 'ru-RU' : 'en-GB' });
    const isDark = path.length % 2 === 0;
    await page().emulateMedia({ colorScheme: isDark ? 'dark' : 'light', reducedMotion: 'reduce' });
    await page().goto(path);
    await says(words);
    await page().locator('.ui-skeleton').first().waitFor({ state: 'detached' });
    expect(await faultsOf(page())).toEqual([]);
  });

  it('what is not wanted by e-mail is switched off, and whoever has linked no address is told so', async () => {
    await begin();
    const profile = {
      userId: 'p1',
      name: 'Ann',
      locale: 'en',
      timeZone: 'UTC',
      registeredAt: '2026-11-01T10:00:00Z',
      revision: 1,
    };
    gateway.answer({
      'GET /v1/me': profile,
      'GET /v1/me/identities': { data: [] },
      'GET /v1/me/mail-notices': { switchedOff: ['moves'] },
      'PUT /v1/me/mail-notices': { switchedOff: ['moves', 'gifts'] },
    });
    await page().goto('/me/profile');
    await says('You have linked no e-mail address yet');
    const choice = (name: string) => page().getByRole('switch', { name });
    expect(await choice('You are served by another server').isChecked()).toBe(false);
    gateway.answer({ 'GET /v1/me/mail-notices': { switchedOff: ['moves', 'gifts'] } });
    await page().getByText('A gift was not opened').click();
    await says('Saved');
    expect(bodyOf('PUT /v1/me/mail-notices')).toEqual({ switchedOff: ['moves', 'gifts'] });
    expect(await choice('A gift was not opened').isChecked()).toBe(false);
    expect(await choice('Money went back').isChecked()).toBe(true);
    expect(await faultsOf(page())).toEqual([]);
  });

  it('what does not fit to what is shown has a sentence, and a way on', async () => {
    await begin();
    gateway.answer({
      'GET /v1/me/subscriptions': { data: [] },
      'GET /v1/me/orders': listOf(),
      'GET /v1/me/gifts': listOf(),
      'GET /v1/me/referrals': new Refusal(404, 'payments.no_referrals'),
    });
    await page().goto('/me/subscriptions?bot=vpn');
    await says('You have no subscription yet');
    for (const [tab, words] of [
      ['Payments', 'You have ordered nothing yet'],
      ['Invite', 'Nobody is rewarded for bringing people here'],
    ] as const) {
      await page().getByRole('link', { name: tab }).last().click();
      await says(words);
    }
    // Who has come from no bot, and bought nothing, comes for their month.
    expect(gateway.askedFor('GET /v1/me/vpn')).toEqual([]);
  });

  it('a plan is changed at the price that was shown, once, and the page sees by itself that it is paid', async () => {
    await begin();
    // The page that comes next is on its way for a while.
    const { promise: isLoaded, resolve: loaded } = Promise.withResolvers<void>();
    await page().route(/assets\/order\.page/, async (route) => {
      await isLoaded;
      await route.fallback();
    });
    await page().goto(`/me/buy?subscription=${SUBSCRIPTION_ID}`);
    await page().getByText('Family, a year').click();
    await page().getByRole('button', { name: 'Pay ₽2,760.40' }).waitFor();
    // By somebody who sees nothing happen.
    await page().evaluate(`setInterval(() => document.querySelector('button[type="submit"]')?.click(), 10)`);
    await until(() => gateway.askedFor('POST /v1/me/orders').length > 0, { what: 'the order' });
    const quoted = gateway.askedFor('POST /v1/me/orders/quote').at(-1)!.body;
    const placed = bodyOf('POST /v1/me/orders');
    expect(placed).toMatchObject({
      ...(JSON.parse(quoted!) as object),
      wanted: { kind: 'plan', planId: YEARLY, subscriptionId: SUBSCRIPTION_ID },
      ...{ currency: 'RUB', useBalance: true, locale: 'en' },
    });
    expect(gateway.askedFor('POST /v1/me/orders')[0]!.headers['idempotency-key']).toMatch(/^[\w-]{36}$/);
    await page().locator('button[type="submit"]').waitFor({ state: 'detached' });
    loaded();

    await says('Waiting for the payment');
    expect(new URL(page().url()).pathname).toBe(`/me/payments/${ORDER_ID}`);
    const pay = page().getByRole('link', { name: 'Open the payment page' });
    expect(await pay.getAttribute('href')).toBe('https://pay.example.com/c/1');
    gateway.answer({ 'GET /v1/me/orders/*': paid });
    await says('Your plan is changed.');
    expect(gateway.askedFor('POST /v1/me/orders')).toHaveLength(1);
  });

  const submit = () => page().locator('button[type="submit"]');
  const placed = async () => {
    await until(() => gateway.askedFor('POST /v1/me/orders').length > 0, { what: 'the order' });
    return bodyOf('POST /v1/me/orders');
  };

  it('nothing is paid at the price of another choice, nor without a code that was typed', async () => {
    await begin();
    let answer = () => {};
    gateway.answer({
      'POST /v1/me/orders/quote': async (asked) => {
        await new Promise<void>((done) => (answer = done));
        return quoted(asked);
      },
    });
    await page().goto('/me/buy');
    await until(() => gateway.askedFor('POST /v1/me/orders/quote').length === 1, { what: 'the first price' });
    answer();
    await page().getByRole('button', { name: 'Pay ₽49', exact: true }).waitFor();
    await page().getByText('Family, a year').click();
    await until(() => gateway.askedFor('POST /v1/me/orders/quote').length === 2, { what: 'the next price' });
    expect([await submit().innerText(), await submit().isDisabled()]).toEqual(['Pay', true]);
    answer();
    await page().getByRole('button', { name: 'Pay ₽2,840' }).waitFor();
    await page()
      .getByLabel(/Promo code/)
      .fill('SPRING');
    expect(await submit().isDisabled()).toBe(true);
    await submit().click({ force: true });
    await until(() => gateway.askedFor('POST /v1/me/orders/quote').length === 3, { what: 'the price with the code' });
    expect(gateway.askedFor('POST /v1/me/orders')).toEqual([]);
    answer();
    // A press on what was disabled counts for nothing, also where it is enabled at once.
    await page().getByRole('button', { name: 'Pay ₽2,840' }).waitFor();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(gateway.askedFor('POST /v1/me/orders')).toEqual([]);
    await press('Pay ₽2,840');
    expect(await placed()).toMatchObject({ promoCode: 'SPRING', wanted: { autoRenew: false }, saveMethod: false });
  });

  it('what the balance covers is bought with it, and by nobody’s page', async () => {
    await begin();
    gateway.answer({
      'GET /v1/me/shop': { ...shop, needsEmail: true, balances: [{ currency: 'RUB', amountMinor: 100_000 }] },
      'POST /v1/me/orders/quote': (asked) => quoted(asked, 100_000),
    });
    await page().goto('/me/buy');
    await page().getByRole('button', { name: 'Buy with the balance: ₽199' }).waitFor();
    expect(await gateway.text()).not.toMatch(/How you pay|E-mail|page of the provider/);
    await page().getByText('Use ₽1,000 of the balance first').click();
    await page().getByRole('button', { name: 'Pay ₽199' }).waitFor();
    await page().getByText('Use ₽1,000 of the balance first').click();
    await press('Buy with the balance: ₽199');
    const body = await placed();
    expect(body).toMatchObject({ useBalance: true });
    expect(Object.keys(body)).not.toEqual(expect.arrayContaining(['provider']));
  });

  it('an address is asked for where a receipt is sent, and stays written; renewing is agreed to by a mark', async () => {
    await begin();
    gateway.answer({ 'GET /v1/me/shop': { ...shop, needsEmail: true, subscriptions: [] } });
    await page().goto('/me/buy');
    await page().getByText('Card, SBP').click();
    await page().getByLabel('E-mail for the receipt').fill('ann@example.com');
    await says('You pay on the page of the provider');
    await page().getByText('CryptoBot').click();
    await page().getByLabel('E-mail for the receipt').waitFor({ state: 'detached' });
    await page().getByText('MIR ·· 4477').click();
    expect(await page().getByLabel('E-mail for the receipt').inputValue()).toBe('ann@example.com');
    expect(await gateway.text()).not.toContain('You pay on the page of the provider');
    await says('₽199 for 1 month, each time it ends');
    await page()
      .getByRole('switch', { name: /Renew by itself/ })
      .click({ force: true });
    await press('Pay ₽49');
    expect(await placed()).toMatchObject({
      ...{ provider: 'yookassa', savedMethodId: shop.payWith[0]!.saved[0]!.methodId, email: 'ann@example.com' },
      ...{ wanted: { autoRenew: true }, saveMethod: true },
    });
  });

  it('an amount is of the currency that it was written in', async () => {
    await begin();
    await page().goto('/me/buy?what=top-up&currency=RUB&amount=13600');
    await press('Pay ₽136');
    expect((await placed())['wanted']).toEqual({ kind: 'top-up', amountMinor: 13_600 });
    await page().goto('/me/buy?what=top-up&currency=KZT&amount=13600');
    expect(await page().getByLabel('Amount').inputValue()).toBe('');
    await page().goto('/me/buy?what=top-up&currency=RUB&amount=13600');
    await page().getByRole('button', { name: 'Pay ₽136' }).waitFor();
    await page().getByText('USD').first().click();
    expect([await page().getByLabel('Amount').inputValue(), await submit().isDisabled()]).toEqual(['', true]);
  });

  it('a payment that failed is told in words, and paid in another way', async () => {
    await begin();
    gateway.answer({
      'GET /v1/me/orders/*': { ...order, next: null, failure: 'insufficient_funds' },
      'POST /v1/me/orders/*/pay': order,
    });
    await page().goto(`/me/payments/${ORDER_ID}`);
    await says('There was not enough money.');
    await page().getByText('MIR ·· 4477').click();
    await press('Pay like this');
    await until(() => gateway.askedFor('POST /v1/me/orders/*/pay').length > 0, { what: 'another attempt' });
    expect(bodyOf('POST /v1/me/orders/*/pay')).toEqual({
      ...{ provider: 'yookassa', savedMethodId: shop.payWith[0]!.saved[0]!.methodId },
    });
  });

  it('another way asks for what it needs, and can be left again', async () => {
    await begin();
    gateway.answer({ 'GET /v1/me/shop': { ...shop, needsEmail: true }, 'POST /v1/me/orders/*/pay': order });
    await page().goto(`/me/payments/${ORDER_ID}`);
    await press('Pay in another way');
    await page().getByText('MIR ·· 4477').waitFor();
    await press('Back');
    await page().getByRole('link', { name: 'Open the payment page' }).waitFor();
    await press('Pay in another way');
    await page().getByLabel('E-mail for the receipt').fill('ann@example.com');
    await press('Pay like this');
    await until(() => gateway.askedFor('POST /v1/me/orders/*/pay').length > 0, { what: 'another attempt' });
    expect(bodyOf('POST /v1/me/orders/*/pay')).toMatchObject({ provider: 'yookassa', email: 'ann@example.com' });
  });

  it('a promo code that is not valid is said so beside it, and nothing can be ordered with it', async () => {
    await begin();
    gateway.answer({
      'POST /v1/me/orders/quote': (asked) => {
        const { promoCode } = JSON.parse(asked.body!) as { promoCode?: string };
        return promoCode === 'OLD' ? (new Refusal(422, 'payments.promo_expired') as object) : quoted(asked);
      },
    });
    await page().goto('/me/buy');
    await page()
      .getByLabel(/Promo code/)
      .fill('OLD');
    await page().keyboard.press('Enter');
    await says('refused: payments.promo_expired');
    expect(
      await page()
        .getByRole('button', { name: /^(Pay|Order)/ })
        .isDisabled(),
    ).toBe(true);
    expect(gateway.askedFor('POST /v1/me/orders')).toEqual([]);
    await press('Without it');
    await page().getByRole('button', { name: 'Pay ₽49', exact: true }).waitFor();
  });

  it('a new link is made when it is agreed to, and the old one may count for a day', async () => {
    await begin();
    gateway.answer({ 'POST /v1/me/vpn/*/link/rotate': { link: `${link}new` } });
    await page().goto('/me/subscriptions');
    await press('New link');
    await gateway.dialog().getByRole('button', { name: 'Cancel' }).click();
    expect(gateway.askedFor('POST /v1/me/vpn/*/link/rotate')).toEqual([]);
    await press('New link');
    await gateway.dialog().getByText('counts for a day more').click();
    gateway.answer({ 'GET /v1/me/vpn': { data: [{ ...access, link: `${link}new` }] } });
    await gateway.dialog().getByRole('button', { name: 'New link' }).click();
    await says('This is your new link');
    expect(bodyOf('POST /v1/me/vpn/*/link/rotate')).toEqual({ overlapHours: 24 });
    await says(`${link}new`);
    const add = page().getByRole('link', { name: 'Add to Happ' });
    expect(await add.getAttribute('href')).toBe(`${link}new?open=happ`);
  });

  it('renewal, devices and country are changed for what was seen', async () => {
    await begin();
    gateway.answer({
      'PATCH /v1/me/subscriptions/*': { ...subscription, autoRenew: false },
      'DELETE /v1/me/vpn/*/devices/*': {},
      'POST /v1/me/vpn/*/region': access,
    });
    await page().goto('/me/subscriptions');
    await page().getByText('Renew by itself').click();
    await says('It renews no more.');
    const [changed] = gateway.askedFor('PATCH /v1/me/subscriptions/*');
    expect([changed!.headers['if-match'], JSON.parse(changed!.body!)]).toEqual(['"7"', { autoRenew: false }]);
    await press(/^Remove: iPhone/);
    await says('iPhone 15, iOS 19 no longer counts');
    await page().getByText('Netherlands').click();
    await press('Move there');
    await until(() => gateway.askedFor('POST /v1/me/vpn/*/region').length > 0, { what: 'the move' });
    expect(bodyOf('POST /v1/me/vpn/*/region')).toEqual({ region: 'nl' });
    expect(gateway.askedFor('POST /v1/me/vpn/*/region')[0]!.url.pathname).toContain(ACCESS_ID);
  });

  it('what is used beyond the plan is told, and how much it may be is for the person to say', async () => {
    await begin();
    const use = { micros: 2_500_000, freeMicros: 1_000_000, owedMinor: 22_500, limitMinor: 50_000, currency: 'RUB' };
    const used = { ...subscription, use };
    const none = { ...used, revision: 8, use: { ...use, owedMinor: 0, limitMinor: 0 } };
    gateway.answer({ 'GET /v1/me/subscriptions': { data: [used] }, 'PATCH /v1/me/subscriptions/*': none });
    await page().goto('/me/subscriptions');
    await says('Use beyond the plan: ₽225 of ₽500');
    await says(/of it ₽225 for use beyond the plan/);
    await says('$2.50');
    await page().getByLabel('At most').fill('0');
    gateway.answer({ 'GET /v1/me/subscriptions': { data: [none] } });
    await press('Allow so much');
    await says('Nothing beyond the plan');
    const [changed] = gateway.askedFor('PATCH /v1/me/subscriptions/*');
    expect([changed!.headers['if-match'], JSON.parse(changed!.body!)]).toEqual(['"7"', { useLimitMinor: 0 }]);
    expect(await faultsOf(page())).toEqual([]);
  });

  it('an access that is not there yet is waited for, and what was sold as 200 GB is told as that', async () => {
    await begin();
    gateway.answer({ 'GET /v1/me/vpn': { data: [] } });
    await page().goto('/me/subscriptions');
    await says('being set up');
    gateway.answer({ 'GET /v1/me/vpn': { data: [access] } });
    await says('131.4 GB of 200 GB');
    await says(link);
  });

  it('a payout is asked for from its least amount on', async () => {
    await begin();
    const payouts = { ...listOf(), least: [{ currency: 'RUB', amountMinor: 10_000 }] };
    gateway.answer({ 'GET /v1/me/payouts': { ...payouts, payable: [{ currency: 'RUB', amountMinor: 3980 }] } });
    await page().goto('/me/invite');
    await says('You have earned ₽39.80. It is paid out from ₽100 on.');
    expect(await page().getByRole('button', { name: 'Ask for it' }).count()).toBe(0);
    gateway.answer({ 'GET /v1/me/payouts': { ...payouts, payable: [{ currency: 'RUB', amountMinor: 11_940 }] } });
    await page().reload();
    await page().getByLabel('How much').fill('50');
    await page().getByLabel('Where to').fill('2200 0000 0000 0000');
    await press('Ask for it');
    await says('At least ₽100.00.');
    expect(gateway.askedFor('POST /v1/me/payouts')).toEqual([]);
  });

  it('what is worth something stands in no address once it was read', async () => {
    await begin();
    gateway.answer({
      'POST /v1/me/guest-orders': { botId: 'vpn', orderId: ORDER_ID, subscriptionId: SUBSCRIPTION_ID },
    });
    const signedIn = answers['GET /v1/session'];
    gateway.answer({ 'GET /v1/session': { staff: null, person: null } });
    await page().goto(`/me/claim#${CLAIM_TOKEN}`);
    await says('So that it is yours alone');
    expect(page().url()).not.toContain(CLAIM_TOKEN);
    gateway.answer({ 'GET /v1/session': signedIn });
    await page().goto('/me/claim');
    await press('Take it over');
    await page().waitForURL('**/me/subscriptions?bot=vpn');
    expect(bodyOf('POST /v1/me/guest-orders')).toEqual({ token: CLAIM_TOKEN });
    expect(gateway.asked.filter(({ url }) => url.href.includes(CLAIM_TOKEN))).toEqual([]);
  });

  it('a guest pays without an account, and has the link when it is paid; each step is told once', async () => {
    await begin();
    const token = 'token-of-a-guest-0123456789';
    gateway.answer({
      'POST /v1/shops/*/orders': { ...guestOrder, next: { kind: 'wait' }, token },
      'POST /v1/guest-orders/read': guestOrder,
    });
    await page().goto('/shop/vpn?campaign=spring');
    await page().getByText('Family, a year').click();
    await page().getByText('Plus', { exact: true }).click();
    await page().getByLabel('E-mail').fill('guest@example.com');
    await page().getByRole('button', { name: 'Pay $3.99' }).waitFor();
    // What a code takes off is not known before it is ordered.
    await page()
      .getByLabel(/Promo code/)
      .fill('SPRING');
    await press('Continue to payment');
    await says('Waiting for the payment');
    const steps = gateway.askedFor('POST /v1/shops/*/steps').map(({ body }) => JSON.parse(body!) as object);
    const { visitId, ...placed } = bodyOf('POST /v1/shops/*/orders');
    expect(steps).toEqual([
      { visitId, step: 'opened', campaign: 'spring' },
      { visitId, step: 'chosen', campaign: 'spring' },
    ]);
    expect(placed).toEqual({
      ...{ planId: plans[0]!.id, currency: 'USD', provider: 'stripe', email: 'guest@example.com' },
      ...{ locale: 'en', campaign: 'spring', promoCode: 'SPRING' },
    });
    // Loaded anew, as after the page of the provider.
    const claim = { startParameter: 'x', botUrl: 'https://t.me/northwind_vpn_bot?start=x', path: `/me/claim#${token}` };
    gateway.answer({ 'POST /v1/guest-orders/read': { ...guestOrder, state: 'paid', next: null, claim } });
    await page().reload();
    await page().getByRole('link', { name: 'Open in Telegram' }).waitFor();
    expect(gateway.asked.filter(({ url }) => url.href.includes(token))).toEqual([]);
    gateway.answer({
      'POST /v1/guest-orders/read': { ...guestOrder, state: 'fulfilled', next: null, claimedAt: order.createdAt },
    });
    await page().reload();
    await page().getByRole('link', { name: 'To what is mine' }).waitFor();
    expect(await page().evaluate('JSON.stringify(sessionStorage)')).not.toContain(token);
  });

  it('nothing of what a tab keeps outlives a sign-out', async () => {
    await begin();
    gateway.answer({ 'DELETE /v1/session/person': {} });
    await page().goto(`/me/gift#${GIFT_CODE}`);
    await page().getByRole('button', { name: 'Open the gift' }).waitFor();
    await page().goto('/me', { waitUntil: 'networkidle' });
    expect(await page().evaluate('JSON.stringify(sessionStorage)')).toContain(GIFT_CODE);
    await page().getByRole('button', { name: /Ann/ }).first().click();
    await page().getByRole('menuitem', { name: 'Sign out' }).click();
    await page().waitForURL('**/me/sign-in');
    expect(await page().evaluate('JSON.stringify(sessionStorage)')).not.toContain(GIFT_CODE);
  });

  describe('as a Web App', () => {
    const initData = 'query_id=1&user=%7B%22id%22%3A1%7D&hash=00';
    const theme = { bg_color: '#17212b', secondary_bg_color: '#232e3c', section_bg_color: '#17212b' };
    const launch = `#tgWebAppData=${encodeURIComponent(initData)}&tgWebAppVersion=8.0&tgWebAppPlatform=tdesktop&tgWebAppThemeParams=${encodeURIComponent(JSON.stringify(theme))}`;
    const tokens = { tokenType: 'Bearer', expiresIn: 900 };
    const signIns = 'POST /v1/sign-in/web-apps';

    const beginWith = async () => {
      await begin();
      gateway.answer({
        [signIns]: { userId: 'u', isNew: false, tokens: { ...tokens, accessToken: 'a1', refreshToken: 'r1' } },
        'POST /v1/sign-in/tokens/refresh': { ...tokens, accessToken: 'a2', refreshToken: 'r2' },
      });
    };
    /** Telegram around the page, as its own apps put it there. */
    const inTelegram = () =>
      page().addInitScript(() => {
        const posted: string[] = [];
        Object.assign(globalThis, {
          posted,
          TelegramWebviewProxy: { postEvent: (type: string, data: string) => posted.push(`${type} ${data}`) },
        });
      });
    const posted = () => page().evaluate<string[]>('window.posted');

    it('signs in with what Telegram says, and looks as Telegram does', async () => {
      await beginWith();
      await inTelegram();
      await page().goto(`/me?bot=vpn${launch}`);
      await says('12 days left');
      expect(bodyOf(signIns)).toMatchObject({ botId: 'vpn', initData, session: 'tokens' });
      const [asked] = gateway.askedFor('GET /v1/me/vpn');
      expect(asked!.headers['authorization']).toBe('Bearer a1');
      expect(gateway.askedFor('GET /v1/session')).toEqual([]);
      await until(async () => (await posted()).some((event) => event.startsWith('web_app_ready')), {
        what: 'Telegram to hear',
      });
      expect(await page().evaluate('document.documentElement.dataset.theme')).toBe('dark');

      // The address of another page has nothing of it, and the page is loaded anew there.
      await page().getByRole('link', { name: 'Balance' }).last().click();
      await says('Reward');
      await page().reload();
      await says('Reward');
      expect(gateway.askedFor(signIns)).toHaveLength(2);
    });

    it('opens pages and invoices by Telegram, whose word alone pays for nothing', async () => {
      await beginWith();
      await inTelegram();
      const stars = {
        ...order,
        next: { kind: 'stars', link: 'https://t.me/$slug-1', expiresAt: order.next.expiresAt },
      };
      gateway.answer({ 'GET /v1/me/orders/*': stars });
      await page().goto(`/me/payments/${ORDER_ID}?bot=vpn${launch}`);
      await press(/^Pay/);
      await until(async () => (await posted()).includes('web_app_open_invoice {"slug":"slug-1"}'), {
        what: 'the invoice',
      });
      await page().evaluate(
        `window.Telegram.WebView.receiveEvent('invoice_closed', { slug: 'slug-1', status: 'paid' })`,
      );
      await says('Waiting for the payment');
      gateway.answer({ 'GET /v1/me/orders/*': order });
      await page().getByRole('link', { name: 'Open the payment page' }).click();
      await until(async () => (await posted()).includes('web_app_open_link {"url":"https://pay.example.com/c/1"}'), {
        what: 'the page of the provider',
      });
    });

    it('a link with what Telegram says of somebody else counts for nothing in a browser', async () => {
      await beginWith();
      await page().goto(`/me?bot=vpn${launch}`);
      await says('12 days left');
      expect(gateway.askedFor(signIns)).toEqual([]);
    });
  });
});

/** What is wrong with how a page is laid out or read out. */
async function faultsOf(page: Page): Promise<string[]> {
  const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
  const { violations } = await new AxeBuilder({ page })
    .setLegacyMode()
    // The announcer of React Aria, which axe takes for a picture.
    .exclude('[data-live-announcer]')
    .analyze();
  return [
    ...(overflow > 0 ? [`${overflow} px wider than the phone`] : []),
    ...violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, any }) => `${id}: ${html.slice(0, 160)} ${any[0]?.message ?? ''}`),
    ),
  ];
}
