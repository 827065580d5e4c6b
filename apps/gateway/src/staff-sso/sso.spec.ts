import { FieldCipher } from '@switchboard/service-kit';
import { startApp, type TestApp, until } from '@switchboard/testing';
import { generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { generate, generateSecret } from 'otplib';
import { Registry } from 'prom-client';
import { CompanyProvider, type ProviderBrowser } from '../../test/company-provider';
import { signInStaff } from '../../test/sign-in';
import { broughtBy, Browser, SITE } from '../../test/start-gateway';
import { gatewayApp } from '../gateway.app';
import { hashPassword } from '../staff/passwords';
import { StaffService } from '../staff/staff.service';

const REDIRECT_URI = `${SITE}/console/sign-in/sso`;
const PASSWORD = 'violet tram under seven lemons';
const ROLES = { engineers: ['developer'], 'help-desk': ['support@lumen'], board: ['admin'] };

interface Refused {
  code: string;
}

describe('single sign-on of staff', () => {
  let company: CompanyProvider;
  let app: TestApp;

  beforeAll(async () => {
    company = await CompanyProvider.start({});
    app = await start({ GATEWAY_STAFF_SSO_JOIN: 'anybody' });
    company.open({
      redirect_uris: [REDIRECT_URI],
      backchannel_logout_uri: `${app.service.publicUrl}/v1/staff-sign-in/sso/logout`,
      backchannel_logout_session_required: true,
    });
  });
  afterAll(async () => {
    await app.stop();
    company.stop();
  });

  const start = (env: Record<string, string> = {}) =>
    startApp(gatewayApp, {
      env: {
        GATEWAY_PUBLIC_URL: SITE,
        GATEWAY_STAFF_SSO_ISSUER: company.issuer,
        GATEWAY_STAFF_SSO_NAME: 'Northwind ID',
        GATEWAY_STAFF_SSO_CLIENT_ID: company.client.id,
        GATEWAY_STAFF_SSO_CLIENT_SECRET: company.client.secret,
        GATEWAY_STAFF_SSO_SCOPE: 'openid profile email groups',
        GATEWAY_STAFF_SSO_DOMAINS: 'northwind.example',
        GATEWAY_STAFF_SSO_ROLES: JSON.stringify(ROLES),
        ...env,
      },
    });
  const account = (login: string, groups: string[], more: object = {}) => {
    const email = `${login}@northwind.example`;
    company.accounts[login] = { name: `The ${login}`, email, email_verified: true, groups, ...more };
  };
  const browserOf = (of: TestApp = app) => new Browser(of.service.publicUrl!);

  async function attempt(login: string, browser = browserOf(), at: ProviderBrowser = company.browser(), body = {}) {
    const begun = await browser.ask<{ url: string }>('POST', '/staff-sign-in/sso/attempts', body);
    expect(begun.status).toBe(201);
    return { url: new URL(begun.body.url), back: await at.visit(begun.body.url, login, REDIRECT_URI) };
  }
  async function signIn(login: string, browser = browserOf(), at?: ProviderBrowser) {
    const { back } = await attempt(login, browser, at);
    const completed = await browser.ask<Refused & { staffId: string; returnTo: string }>(
      'POST',
      '/staff-sign-in/sso/sessions',
      broughtBy(back),
    );
    return { ...completed, browser };
  }
  const staffOf = async (browser: Browser) =>
    (
      await browser.ask<{ staff: { id: string; roles: string[]; amr: string[]; bots: object[] } | null }>(
        'GET',
        '/session',
      )
    ).body.staff;

  it('is offered by its name, and by none where there is no provider', async () => {
    expect((await browserOf().ask('GET', '/staff-sign-in/methods')).body).toEqual({ sso: { name: 'Northwind ID' } });
    const without = await startApp(gatewayApp);
    const browser = browserOf(without);
    expect((await browser.ask('GET', '/staff-sign-in/methods')).body).toEqual({ sso: null });
    expect((await browser.ask('POST', '/staff-sign-in/sso/attempts', {})).status).toBe(404);
    await without.stop();
  });

  it('lets in whom the claim gives a role, for all bots or for one, and makes them once', async () => {
    account('edith', ['engineers', 'runners']);
    const first = await signIn('edith');
    expect(first).toMatchObject({ status: 201, body: { returnTo: '/console/' } });
    expect(await staffOf(first.browser)).toMatchObject({ roles: ['developer'], amr: ['sso'] });
    const again = await signIn('edith');
    expect(again.body.staffId).toBe(first.body.staffId);
    account('hugo', ['help-desk']);
    const { browser } = await signIn('hugo');
    expect(await staffOf(browser)).toMatchObject({ bots: [{ botId: 'lumen' }] });
    const member = await browser.ask('GET', '/account');
    expect(member.body).toMatchObject({
      member: { name: 'The hugo', email: 'hugo@northwind.example', factors: ['sso'] },
    });
  });

  it('gives no access to whom it gives no role, and makes nobody of them', async () => {
    account('nina', ['runners']);
    const refused = await signIn('nina');
    expect([refused.status, refused.body.code]).toEqual([403, 'gateway.sso_no_access']);
    expect(await staffOf(refused.browser)).toBeNull();
    account('foreign', ['board'], { email: 'foreign@elsewhere.example' });
    expect((await signIn('foreign')).body.code).toBe('gateway.sso_no_access');
    account('unverified', ['board'], { email_verified: false });
    expect((await signIn('unverified')).body.code).toBe('gateway.sso_no_access');
    const [{ count }] = await app.service.db.query<[{ count: string }]>(
      `SELECT count(*) FROM staff WHERE email_hash <> 'first owner'`,
    );
    expect(Number(count)).toBe(2);
  });

  it('stands in the audit log with what it makes of somebody, and edits begun before are refused', async () => {
    const changes = async (id: string) =>
      app.service.db.query<
        { action: string; actor: string; changes: { op: string; path: string; value: unknown }[] }[]
      >(
        `SELECT action, actor_kind || ' ' || actor_id AS actor, changes FROM audit_entries
         WHERE resource_id = $1 AND resource_type = 'staff' ORDER BY at, seq`,
        [id],
      );
    const staff = app.service.nest.get(StaffService, { strict: false });
    account('ada', ['engineers']);
    const { staffId: id } = (await signIn('ada')).body;
    const joined = await staff.read(id);
    await signIn('ada');
    // What has not changed is no change.
    expect(await staff.read(id)).toMatchObject({ revision: joined.revision });
    account('ada', ['engineers', 'help-desk']);
    await signIn('ada');
    expect((await staff.read(id)).revision).toBe(joined.revision + 1);
    account('ada', []);
    expect((await signIn('ada')).status).toBe(403);
    expect((await staff.read(id)).revision).toBe(joined.revision + 2);
    const entries = (await changes(id)).filter(({ actor }) => actor === 'service staff-sso');
    expect(entries.map(({ action }) => action)).toEqual([
      'gateway.staff.join',
      'gateway.staff.grant',
      'gateway.staff.grant',
    ]);
    expect(entries[0]!.changes).toContainEqual({
      ...{ op: 'add', path: '/grants', value: [{ role: 'developer', botId: null, until: null }] },
    });
    expect(entries[1]!.changes).toEqual([
      { op: 'add', path: '/grants/1', value: { role: 'support', botId: 'lumen', until: null } },
    ]);
    expect(entries[2]!.changes).toContainEqual(expect.objectContaining({ op: 'remove', path: '/grants/0' }));
  });

  it('takes a role away with the claim, ends what was open, and leaves what staff have given', async () => {
    account('moved', ['engineers']);
    const { browser, body } = await signIn('moved');
    account('moved', ['help-desk']);
    await signIn('moved');
    expect(await staffOf(browser)).toMatchObject({ roles: ['support'] });
    account('moved', []);
    expect((await signIn('moved')).body.code).toBe('gateway.sso_no_access');
    expect(await staffOf(browser)).toBeNull();
    await app.service.db.query(
      `INSERT INTO grants (id, staff_id, role, granted_at) VALUES (gen_random_uuid(), $1, 'analyst', now())`,
      [body.staffId],
    );
    const later = await signIn('moved');
    expect(await staffOf(later.browser)).toMatchObject({ roles: ['analyst'] });
  });

  it('says of a database that fails that something is broken, and not that the attempt is over', async () => {
    account('rita', ['engineers']);
    const browser = browserOf();
    const { back } = await attempt('rita', browser);
    await app.service.db.query('ALTER TABLE spent_attempts RENAME TO spent_attempts_away');
    try {
      const answer = await browser.ask<Refused>('POST', '/staff-sign-in/sso/sessions', broughtBy(back));
      expect(answer).toMatchObject({ status: 500, body: { code: 'internal_error' } });
    } finally {
      await app.service.db.query('ALTER TABLE spent_attempts_away RENAME TO spent_attempts');
    }
  });

  it('counts an attempt once, in the browser that began it, and believes nothing that does not fit', async () => {
    account('rita', ['engineers']);
    const browser = browserOf();
    const { back } = await attempt('rita', browser);
    const brought = broughtBy(back);
    const complete = async (by: Browser, body: object) =>
      (await by.ask<Refused>('POST', '/staff-sign-in/sso/sessions', body)) as { status: number; body: Refused };
    expect(await complete(browserOf(), brought)).toMatchObject({
      status: 401,
      body: { code: 'gateway.sign_in_expired' },
    });
    const copy = browser.copy();
    expect((await complete(browser, brought)).status).toBe(201);
    expect(await complete(copy, brought)).toMatchObject({ status: 401, body: { code: 'gateway.sign_in_expired' } });
    const metrics = await (await fetch(`${app.url}/metrics`)).text();
    const counted = metrics.split('\n').filter((line) => /^staff_sso_sign_ins_total.*expired/.test(line));
    expect(counted).toEqual([expect.stringMatching(/ [1-9]\d*$/)]);
    const other = browserOf();
    const second = broughtBy((await attempt('rita', other)).back);
    expect(await complete(other, { ...second, state: 'another' })).toMatchObject({
      status: 401,
      body: { code: 'gateway.sign_in_refused' },
    });
    const third = browserOf();
    await attempt('rita', third);
    // A code that was given to another attempt, whose verifier and nonce are others.
    expect(
      (await complete(third, { ...second, state: broughtBy((await attempt('rita', third)).back).state })).status,
    ).toBe(401);
    const declined = browserOf();
    const { url } = await attempt('rita', declined);
    const state = url.searchParams.get('state');
    expect(await complete(declined, { state, error: 'access_denied' })).toMatchObject({
      body: { code: 'gateway.sign_in_declined' },
    });
  });

  it('a proof of five minutes ago is asked for there, and only the same account gives it', async () => {
    account('paula', ['board']);
    const at = company.browser();
    const { browser } = await signIn('paula', browserOf(), at);
    const provenAt = async () =>
      (await browser.ask<{ staff: { provenAt: string } }>('GET', '/session')).body.staff.provenAt;
    // The provider has not said when it was, so that it may have been this morning, at a desk that was left unlocked.
    expect(await provenAt()).toBe('1970-01-01T00:00:00.000Z');
    const before = app.clock.now().getTime();
    const again = { returnTo: '/console/staff', proveAgain: true };
    const { url, back } = await attempt('paula', browser, at, again);
    expect([url.searchParams.get('prompt'), url.searchParams.get('max_age')]).toEqual(['login', '0']);
    const proven = await browser.ask('POST', '/staff-sign-in/sso/sessions', broughtBy(back));
    expect(proven).toMatchObject({ status: 201, body: { returnTo: '/console/staff' } });
    expect(Date.parse(await provenAt())).toBeGreaterThan(before - 60_000);
    const other = await attempt('edith', browser, company.browser(), again);
    const refused = await browser.ask<Refused>('POST', '/staff-sign-in/sso/sessions', broughtBy(other.back));
    expect([refused.status, refused.body.code]).toEqual([401, 'gateway.sign_in_refused']);
    const nobody = await browserOf().ask('POST', '/staff-sign-in/sso/attempts', again);
    expect(nobody.status).toBe(401);
  });

  it('ends with a sign-out at the provider, in that browser alone', async () => {
    account('omar', ['engineers']);
    const [office, home] = [company.browser(), company.browser()];
    const atOffice = await signIn('omar', browserOf(), office);
    const atHome = await signIn('omar', browserOf(), home);
    await office.signOut();
    await until(() => company.logouts.length > 0, { what: 'the provider tells of the sign-out' });
    expect(company.logouts).toEqual([200]);
    expect(await staffOf(atOffice.browser)).toBeNull();
    expect(await staffOf(atHome.browser)).not.toBeNull();
  });

  it('ends with it also where the provider had not said which of its sessions it was', async () => {
    account('nora', ['engineers']);
    const [nameless, named] = [await signIn('nora'), company.browser()];
    const { id } = (await staffOf(nameless.browser)) as { id: string };
    await app.service.db.query('UPDATE sessions SET sso_sid = NULL WHERE subject_id = $1', [id]);
    await signIn('nora', browserOf(), named);
    const before = company.logouts.length;
    await named.signOut();
    await until(() => company.logouts.length > before, { what: 'the provider tells of the sign-out' });
    expect(await staffOf(nameless.browser)).toBeNull();
  });

  it('is ended by nobody else', async () => {
    account('lena', ['engineers']);
    const { browser } = await signIn('lena');
    const { privateKey } = await generateKeyPair('RS256');
    const events = { 'http://schemas.openid.net/event/backchannel-logout': {} };
    const forged = (claims: JWTPayload) =>
      new SignJWT({ sub: 'lena', jti: 'x', events, ...claims })
        .setProtectedHeader({ alg: 'RS256', kid: 'keystore-CHANGE-ME', typ: 'logout+jwt' })
        .setIssuedAt()
        .setIssuer(company.issuer)
        .setAudience(company.client.id)
        .sign(privateKey);
    const send = (token: string) =>
      fetch(`${app.service.publicUrl}/v1/staff-sign-in/sso/logout`, {
        method: 'POST',
        body: new URLSearchParams({ logout_token: token }),
      });
    for (const token of [await forged({}), 'no.token.atall', `${btoa('{"alg":"none"}')}.${btoa('{}')}.`]) {
      const refused = await send(token);
      expect([refused.status, ((await refused.json()) as Refused).code]).toEqual([400, 'gateway.logout_token_refused']);
    }
    expect(await staffOf(browser)).not.toBeNull();
  });

  it('an account with the address of somebody who signs in otherwise does not get their place', async () => {
    const owner = await signInStaff(app, 'owner');
    const email = 'long-here@northwind.example';
    const emailHash = app.service.nest.get(StaffService, { strict: false }).hashOfEmail(email);
    await app.service.db.query(`UPDATE staff SET email_hash = $2 WHERE id = $1`, [owner.id, emailHash]);
    account('long-here', ['board']);
    expect((await signIn('long-here')).body.code).toBe('gateway.sso_no_access');
    const [row] = await app.service.db.query<{ ssoHash: unknown }[]>(
      `SELECT sso_hash AS "ssoHash" FROM staff WHERE id = $1`,
      [owner.id],
    );
    expect(row).toEqual({ ssoHash: null });
  });

  it('an account that has got the address of somebody else does not get their place', async () => {
    account('kim', ['board']);
    await signIn('kim');
    company.accounts['kim-the-second'] = { ...company.accounts['kim'] };
    expect((await signIn('kim-the-second')).body.code).toBe('gateway.sso_no_access');
  });

  describe('where only those come in who were invited, and passwords are switched off', () => {
    let strict: TestApp;
    beforeAll(async () => {
      strict = await start({ GATEWAY_STAFF_SSO_PASSWORDS: 'false' });
    });
    afterAll(() => strict.stop());

    it('whoever was invited comes in by the provider, which takes the place of the link', async () => {
      account('vera', ['engineers']);
      expect((await signIn('vera', browserOf(strict))).body.code).toBe('gateway.sso_no_access');
      const owner = await signInStaff(strict, 'owner');
      const asked = await fetch(`${strict.service.publicUrl}/v1/staff`, {
        method: 'POST',
        headers: { ...owner.headers, 'content-type': 'application/json', 'idempotency-key': 'invitation-of-vera' },
        body: JSON.stringify({ email: 'Vera@northwind.example', name: 'Vera', grants: [{ role: 'analyst' }] }),
      });
      const { link } = (await asked.json()) as { link: string };
      const browser = browserOf(strict);
      const accepted = await browser.ask<Refused>('POST', '/staff-sign-in/invitation', {
        token: link.split('#')[1],
        password: PASSWORD,
      });
      expect([accepted.status, accepted.body.code]).toEqual([403, 'gateway.sso_required']);
      expect((await signIn('vera', browser)).status).toBe(201);
      expect((await staffOf(browser))?.roles.toSorted()).toEqual(['analyst', 'developer']);
      expect((await browser.ask('POST', '/staff-sign-in/invitation/read', { token: link.split('#')[1] })).status).toBe(
        410,
      );
    });

    /** A member of staff with a password and an app of here. */
    async function local(login: string, role: string) {
      const { id } = await signInStaff(strict, role);
      const { nest, db } = strict.service;
      const [cipher, staff] = [nest.get(FieldCipher, { strict: false }), nest.get(StaffService, { strict: false })];
      const [email, secret] = [`${login}@northwind.example`, generateSecret({ length: 20 })];
      await db.query(
        `UPDATE staff SET email_hash = $2, email = $3, password_hash = $4, totp_secret = $5 WHERE id = $1`,
        [
          ...[id, staff.hashOfEmail(email), cipher.encrypt(email, 'staff.email', id), await hashPassword(PASSWORD)],
          cipher.encrypt(secret, 'staff.totp_secret', id),
        ],
      );
      const browser = browserOf(strict);
      const step = await browser.ask<Refused & { ticket: string }>('POST', '/staff-sign-in/password', {
        email,
        password: PASSWORD,
      });
      return { id, browser, step, code: () => generate({ secret, epoch: strict.clock.now().getTime() / 1000 }) };
    }
    const auditOf = (id: string) =>
      strict.service.db.query<object[]>(
        `SELECT action, result, details FROM audit_entries WHERE actor_kind = 'staff' AND actor_id = $1 ORDER BY seq`,
        [id],
      );

    it('a password of their own is worth nothing to those of the domain, also when it is right', async () => {
      const { step } = await local('walter', 'admin');
      expect([step.status, step.body.code]).toEqual([403, 'gateway.sso_required']);
    });

    it('somebody who was an owner until yesterday is none', async () => {
      const { id, browser, step } = await local('ivan', 'owner');
      expect(step.status).toBe(200);
      await strict.service.db.query(`UPDATE grants SET until = $2 WHERE staff_id = $1`, [
        ...[id, new Date(strict.clock.now().getTime() - 86_400_000)],
      ]);
      const email = 'ivan@northwind.example';
      const again = await browser.ask<Refused>('POST', '/staff-sign-in/password', { email, password: PASSWORD });
      expect([again.status, again.body.code]).toEqual([403, 'gateway.sso_required']);
    });

    it('an owner comes in all the same, and it is an alarm', async () => {
      const { id, browser, step, code } = await local('olga', 'owner');
      const enter = async (given: string) =>
        (await browser.ask('POST', '/staff-sign-in/code', { ticket: step.body.ticket, code: given })).status;
      const given = await code();
      expect([await enter(given), await enter(given)]).toEqual([200, 401]);
      expect(await strict.service.nest.get(Registry, { strict: false }).metrics()).toMatch(
        /^staff_break_glass_sign_ins_total(\{.*\})? 1$/m,
      );
      expect(await auditOf(id)).toMatchObject([
        { action: 'gateway.staff-sessions.begin', result: 'done', details: { breakGlass: true } },
        { result: 'denied', details: { why: 'wrong_code' } },
      ]);
    });
  });
});
