import { createLog } from '@switchboard/service-kit';
import { startApp, type TestApp, until } from '@switchboard/testing';
import { generate } from 'otplib';
import { audited } from '../../test/audit';
import { gatewayApp } from '../gateway.app';
import { StaffService } from './staff.service';

const PASSWORD = 'violet tram under seven lemons';

describe('staff', () => {
  let app: TestApp;
  let link: string;
  /** Callers from other addresses have limits of their own. */
  let address = 0;

  beforeAll(async () => {
    const lines: string[] = [];
    const log = createLog({ level: 'warn', format: 'json' }, { write: (line: string) => void lines.push(line) });
    app = await startApp(gatewayApp, { env: { GATEWAY_PUBLIC_PORT: '0', GATEWAY_PROOF_OF_WORK: '0' }, log });
    link = lines.map((line) => (JSON.parse(line) as { link?: string }).link).find(Boolean)!;
  });
  afterAll(() => app.stop());
  beforeEach(() => {
    address++;
    // Out of the way of all limits and codes of the test before.
    app.clock.advance(16 * 60_000);
  });

  async function call(method: string, path: string, body?: object, cookie = '', headers: Record<string, string> = {}) {
    const response = await fetch(`${app.service.publicUrl}/v1${path}`, {
      method,
      headers: {
        ...(body && { 'content-type': 'application/json' }),
        ...(cookie && { cookie }),
        'x-forwarded-for': `198.51.100.${address}`,
        ...headers,
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const session = response.headers.getSetCookie().find((each) => each.startsWith('__Host-staff='));
    return {
      status: response.status,
      body: (text ? JSON.parse(text) : undefined) as Record<string, unknown>,
      cookie: session?.split(';')[0] ?? '',
      setCookie: session,
      etag: response.headers.get('etag') ?? '',
    };
  }
  const post = (path: string, body: object, cookie?: string, headers?: Record<string, string>) =>
    call('POST', path, body, cookie, headers);
  const codeOf = (secret: string, steps = 0) =>
    generate({ secret, epoch: Math.floor(app.clock.now().getTime() / 1000) + steps * 30 });
  const key = () => ({ 'idempotency-key': `key-${Math.random().toString(36).slice(2)}-0123456789` });

  /** Takes an invitation through all of its steps. */
  async function enrol(token: string, more: object = {}) {
    const accepted = await post('/staff-sign-in/invitation', { token, password: PASSWORD, ...more });
    expect(accepted).toMatchObject({ status: 200, body: { next: 'enrol' } });
    const begun = await post('/staff-sign-in/totp', { ticket: accepted.body['ticket'] });
    const secret = String(begun.body['secret']);
    const confirm = { ticket: begun.body['ticket'], first: await codeOf(secret, -1), second: await codeOf(secret) };
    const confirmed = await post('/staff-sign-in/totp/confirm', confirm);
    expect(confirmed.status).toBe(200);
    return { secret, cookie: confirmed.cookie, recoveryCodes: confirmed.body['recoveryCodes'] as string[], confirmed };
  }
  const tokenIn = (invitation: string) => invitation.split('#')[1]!;

  let owner: Awaited<ReturnType<typeof enrol>>;

  it('the first owner comes in by the link that the start says, with a password and an app of their own', async () => {
    const token = tokenIn(link);
    expect((await post('/staff-sign-in/invitation/read', { token })).body).toEqual({ email: null, name: null });
    const nameless = await post('/staff-sign-in/invitation', { token, password: PASSWORD });
    expect(nameless).toMatchObject({ status: 422, body: { code: 'gateway.email_needed' } });
    const weak = await post('/staff-sign-in/invitation', { token, password: 'password12345', email: 'o@example.com' });
    expect(weak).toMatchObject({ status: 422, body: { code: 'gateway.weak_password' } });
    // Begun with a misspelt address, and left: the link is as good as before, and so is what the next start says.
    const left = await post('/staff-sign-in/invitation', { token, password: PASSWORD, email: 'onwer@example.com' });
    expect(left).toMatchObject({ status: 200, body: { next: 'enrol' } });
    expect(await app.service.nest.get(StaffService, { strict: false }).linkForFirstOwner()).toBe(link);
    owner = await enrol(token, { email: 'Owner@example.com', name: 'Olga' });
    expect(owner.confirmed.setCookie).toMatch(/; Path=\/;.* HttpOnly; Secure; SameSite=Strict$/);
    expect(owner.recoveryCodes).toHaveLength(10);
    const session = await call('GET', '/session', undefined, owner.cookie);
    expect(session.body).toMatchObject({ staff: { roles: ['owner'], amr: ['pwd', 'otp'] }, person: null });
    expect((await post('/staff-sign-in/invitation/read', { token })).status).toBe(410);
  });

  it('an invitation that was not gone through to its end is good until it is, also with another password', async () => {
    await signInOwner();
    const invitation = { email: 'iris@example.com', name: 'Iris', grants: [] };
    const token = tokenIn(String((await post('/staff', invitation, owner.cookie, key())).body['link']));
    address++;
    const left = await post('/staff-sign-in/invitation', { token, password: `${PASSWORD} forgotten` });
    const begun = await post('/staff-sign-in/totp', { ticket: left.body['ticket'] });
    app.clock.advance(31 * 60_000);
    const late = { ticket: begun.body['ticket'], first: '111111', second: '222222' };
    expect(await post('/staff-sign-in/totp/confirm', late)).toMatchObject({
      body: { code: 'gateway.sign_in_expired' },
    });
    const iris = await enrol(token);
    expect((await call('GET', '/account', undefined, iris.cookie)).body).toMatchObject({ member: { name: 'Iris' } });
    const read = await post('/staff-sign-in/invitation/read', { token });
    expect(read).toMatchObject({ status: 410, body: { code: 'gateway.invitation_expired' } });
    address++;
    const signIn = (password: string) => post('/staff-sign-in/password', { email: 'iris@example.com', password });
    expect((await signIn(`${PASSWORD} forgotten`)).status).toBe(401);
    expect((await signIn(PASSWORD)).status).toBe(200);
  });

  it('signs in with password and code, whatever case the address is in', async () => {
    const step = await post('/staff-sign-in/password', { email: 'owner@EXAMPLE.com', password: PASSWORD });
    expect(step).toMatchObject({ status: 200, body: { next: 'code' }, cookie: '' });
    const code = await codeOf(owner.secret);
    const signedIn = await post('/staff-sign-in/code', { ticket: step.body['ticket'], code });
    expect(signedIn).toMatchObject({ status: 200, body: { recoveryCodesLeft: 10 } });
    owner.cookie = signedIn.cookie;
    const replayed = await post('/staff-sign-in/code', { ticket: step.body['ticket'], code });
    expect(replayed).toMatchObject({ status: 401, body: { code: 'gateway.wrong_code' }, cookie: '' });
    const earlier = await codeOf(owner.secret, -1);
    expect((await post('/staff-sign-in/code', { ticket: step.body['ticket'], code: earlier })).status).toBe(401);
  });

  it('a recovery code counts once, in whatever way it is typed', async () => {
    const step = await post('/staff-sign-in/password', { email: 'owner@example.com', password: PASSWORD });
    const code = owner.recoveryCodes[0]!.toLowerCase().replace('-', ' ');
    const used = await post('/staff-sign-in/code', { ticket: step.body['ticket'], code });
    expect(used).toMatchObject({ status: 200, body: { recoveryCodesLeft: 9 } });
    expect((await post('/staff-sign-in/code', { ticket: step.body['ticket'], code })).status).toBe(401);
  });

  it('says the same of a wrong password and of somebody unknown, and nothing after five of them', async () => {
    const wrong = (email: string) => post('/staff-sign-in/password', { email, password: 'not it at all' });
    const [known, unknown] = [await wrong('owner@example.com'), await wrong('nobody@example.com')];
    const plain = ({ status, body }: typeof known) => ({ status, ...body, instance: '' });
    expect(plain(known)).toEqual(plain(unknown));
    expect(known).toMatchObject({ status: 401, body: { code: 'gateway.wrong_credentials' } });
    for (let i = 0; i < 4; i++) {
      address++;
      expect((await wrong('owner@example.com')).status).toBe(401);
    }
    address++;
    expect(await wrong('owner@example.com')).toMatchObject({
      status: 429,
      body: { code: 'gateway.too_many_attempts' },
    });
    const right = await post('/staff-sign-in/password', { email: 'owner@example.com', password: PASSWORD });
    expect(right.status).toBe(429);
  });

  it('a ticket is good for five minutes, and only for what it was given for', async () => {
    const step = await post('/staff-sign-in/password', { email: 'owner@example.com', password: PASSWORD });
    const { ticket } = step.body as { ticket: string };
    expect((await post('/staff-sign-in/totp', { ticket })).status).toBe(401);
    expect((await post('/staff-sign-in/code', { ticket: `${ticket}x`, code: '123456' })).status).toBe(401);
    app.clock.advance(5 * 60_000 + 1);
    const code = await codeOf(owner.secret);
    const late = await post('/staff-sign-in/code', { ticket, code });
    expect(late).toMatchObject({ status: 401, body: { code: 'gateway.sign_in_expired' } });
  });

  const signInOwner = async () => {
    const step = await post('/staff-sign-in/password', { email: 'owner@example.com', password: PASSWORD });
    owner.cookie = (
      await post('/staff-sign-in/code', { ticket: step.body['ticket'], code: await codeOf(owner.secret) })
    ).cookie;
  };

  it('what is dangerous wants a proof that is five minutes old at most', async () => {
    await signInOwner();
    app.clock.advance(6 * 60_000);
    const invitation = { email: 'late@example.com', name: 'Late', grants: [] };
    const refused = await post('/staff', invitation, owner.cookie, key());
    expect(refused).toMatchObject({ status: 403, body: { code: 'step_up_required' } });
    const wrong = await post('/account/prove', { code: '000000' }, owner.cookie);
    expect(wrong).toMatchObject({ status: 401, body: { code: 'gateway.wrong_credentials' } });
    expect((await post('/account/prove', { code: await codeOf(owner.secret) }, owner.cookie)).status).toBe(204);
    expect((await post('/staff', invitation, owner.cookie, key())).status).toBe(201);
  });

  it('somebody is invited, works as their roles say, and is suspended at once', async () => {
    await signInOwner();
    const grants = [{ role: 'support', botId: null, until: null }];
    const invited = await post('/staff', { email: 'anna@example.com', name: 'Anna', grants }, owner.cookie, key());
    expect(invited.status).toBe(201);
    const again = await post('/staff', { email: 'Anna@example.com', name: 'Anna', grants }, owner.cookie, key());
    expect(again).toMatchObject({ status: 409, body: { code: 'gateway.staff_exists' } });
    const unknown = await post(
      '/staff',
      { email: 'x@example.com', name: 'X', grants: [{ role: 'wizard' }] },
      owner.cookie,
      key(),
    );
    expect(unknown).toMatchObject({ status: 422, body: { code: 'gateway.unknown_role' } });
    address++;
    const anna = await enrol(tokenIn(String(invited.body['link'])));
    expect((await call('GET', '/staff', undefined, anna.cookie)).status).toBe(403);
    const account = await call('GET', '/account', undefined, anna.cookie);
    expect(account.body).toMatchObject({
      member: { email: 'anna@example.com', name: 'Anna', factors: ['password', 'totp'] },
    });
    const id = String(invited.body['staffId']);
    await app.service.db.query(
      `INSERT INTO api_keys (id, secret_hash, name, team, scopes, networks, rate, created_by, created_at, expires_at)
       VALUES ('of-anna', 'x', 'ci', 'core', '{}', '{}', 'standard', $1, $2::timestamptz, $2::timestamptz + interval '1 year')`,
      [id, app.clock.now()],
    );
    const suspended = await post(`/staff/${id}/suspend`, {}, owner.cookie);
    expect(suspended.body).toMatchObject({ state: 'suspended' });
    const [ofAnna] = await app.service.db.query<unknown[]>(`SELECT ended_because FROM api_keys WHERE id = 'of-anna'`);
    expect(ofAnna).toEqual({ ended_because: 'maker_left' });
    expect((await call('GET', '/account', undefined, anna.cookie)).status).toBe(401);
    address++;
    expect((await post('/staff-sign-in/password', { email: 'anna@example.com', password: PASSWORD })).status).toBe(401);
  });

  it('somebody is renamed, signed out by a colleague, and removed, and the keys that they have made with them', async () => {
    await signInOwner();
    const grants = [{ role: 'developer', botId: null, until: null }];
    const invited = await post('/staff', { email: 'dora@example.com', name: 'Dora', grants }, owner.cookie, key());
    const path = `/staff/${String(invited.body['staffId'])}`;
    address++;
    const dora = await enrol(tokenIn(String(invited.body['link'])));
    const wanted = { name: 'ci', team: 'core', scopes: ['bots:read'], lifetimeDays: 30 };
    const made = await post('/keys', wanted, dora.cookie, key());
    expect(made.status).toBe(201);
    const bearer = { authorization: `Bearer ${String(made.body['key'])}` };
    expect((await call('GET', '/bots', undefined, '', bearer)).status).toBe(200);

    const sessions = await call('GET', `${path}/sessions`, undefined, owner.cookie);
    const [{ id: sessionId }] = sessions.body['data'] as [{ id: string }];
    expect((await call('GET', `${path}/sessions`, undefined, dora.cookie)).status).toBe(403);
    expect((await call('DELETE', `${path}/sessions/${sessionId}`, undefined, owner.cookie)).status).toBe(204);
    expect((await call('GET', '/account', undefined, dora.cookie)).status).toBe(401);
    expect((await call('DELETE', `${path}/sessions`, undefined, owner.cookie)).status).toBe(204);

    const { etag } = await call('GET', path, undefined, owner.cookie);
    const rename = (email: string) =>
      call('PUT', path, { email, name: 'Dorothea' }, owner.cookie, { 'if-match': etag });
    expect(await rename('OWNER@example.com')).toMatchObject({ status: 409, body: { code: 'gateway.staff_exists' } });
    const renamed = await rename('dorothea@example.com');
    expect(renamed).toMatchObject({ status: 200, body: { name: 'Dorothea', email: 'dorothea@example.com' } });
    address++;
    const email = 'dorothea@example.com';
    expect((await post('/staff-sign-in/password', { email, password: PASSWORD })).status).toBe(200);

    const remove = (ifMatch: string) => call('DELETE', path, undefined, owner.cookie, { 'if-match': ifMatch });
    expect((await remove(etag)).status).toBe(412);
    expect((await remove(renamed.etag)).status).toBe(204);
    expect((await call('GET', path, undefined, owner.cookie)).status).toBe(404);
    expect((await call('GET', '/bots', undefined, '', bearer)).status).toBe(401);
    expect(await audited(app, { resource: String(invited.body['staffId']) })).toEqual(
      expect.arrayContaining(['gateway.staff.edit done', 'gateway.staff.remove done']),
    );
    const self = (await call('GET', '/account', undefined, owner.cookie)).body['member'] as { id: string };
    const own = await call('DELETE', `/staff/${self.id}`, undefined, owner.cookie, { 'if-match': '"1"' });
    expect(own).toMatchObject({ status: 403, body: { code: 'gateway.not_for_oneself' } });
  });

  it('nobody makes others mightier than themselves, nor changes themselves, nor takes the last owner away', async () => {
    await signInOwner();
    const grants = [{ role: 'admin', botId: null, until: null }];
    const invited = await post('/staff', { email: 'adam@example.com', name: 'Adam', grants }, owner.cookie, key());
    address++;
    const adam = await enrol(tokenIn(String(invited.body['link'])));
    const mighty = { email: 'eve@example.com', name: 'Eve', grants: [{ role: 'owner' }] };
    const asked = key();
    const first = await post('/staff', mighty, adam.cookie, asked);
    expect(first).toMatchObject({ status: 423, body: { code: 'approval_required' } });
    const { approvalId } = first.body['params'] as { approvalId: string };
    expect((await post(`/approvals/${approvalId}/approve`, {}, owner.cookie)).status).toBe(200);
    // An approval lets be done what somebody may do, and makes nobody mightier.
    expect(await post('/staff', mighty, adam.cookie, { ...asked, 'x-approval': approvalId })).toMatchObject({
      status: 403,
      body: { code: 'gateway.role_beyond_own' },
    });
    const members = await call('GET', '/staff', undefined, adam.cookie);
    const all = members.body['data'] as unknown as { id: string; email: string; revision: number }[];
    const ofEmail = (email: string) => all.find((member) => member.email === email)!;
    const suspend = (id: string) => post(`/staff/${id}/suspend`, {}, adam.cookie);
    expect((await suspend(ofEmail('Owner@example.com').id)).body).toMatchObject({ code: 'gateway.role_beyond_own' });
    expect((await suspend(ofEmail('adam@example.com').id)).body).toMatchObject({ code: 'gateway.not_for_oneself' });
    const { id, revision } = ofEmail('adam@example.com');
    const put = (ifMatch: string) =>
      call('PUT', `/staff/${id}/grants`, { grants: [{ role: 'analyst' }] }, owner.cookie, { 'if-match': ifMatch });
    expect((await put('"99"')).status).toBe(412);
    expect((await put(`"${revision}"`)).body).toMatchObject({ grants: [{ role: 'analyst' }] });
    expect((await call('GET', '/staff', undefined, adam.cookie)).status).toBe(403);
  });

  it('each try to sign in as somebody who works here is in the audit log', async () => {
    const account = await call('GET', '/account', undefined, owner.cookie);
    const actor = (account.body['member'] as { id: string }).id;
    const known = (await audited(app, { actor })).length;
    await post('/staff-sign-in/password', { email: 'owner@example.com', password: 'not it at all' });
    await until(async () => (await audited(app, { actor })).length > known, { what: 'the wrong password' });
    const step = await post('/staff-sign-in/password', { email: 'owner@example.com', password: PASSWORD });
    await post('/staff-sign-in/code', { ticket: step.body['ticket'], code: '000000' });
    await signInOwner();
    expect((await audited(app, { actor })).slice(known)).toEqual([
      'gateway.staff-sessions.begin denied',
      'gateway.staff-sessions.begin denied',
      'gateway.staff-sessions.begin done',
    ]);
    const [{ address: from }] = await app.service.db.query<[{ address: string }]>(
      `SELECT actor ->> 'address' AS address FROM audit_entries WHERE actor_id = $1 ORDER BY seq DESC LIMIT 1`,
      [actor],
    );
    expect(from).toMatch(/^digest:/);
  });

  it('a new password signs all other browsers out', async () => {
    await signInOwner();
    const before = owner.cookie;
    app.clock.advance(60_000);
    await signInOwner();
    const changed = await call('PUT', '/account/password', { password: `${PASSWORD} again` }, owner.cookie);
    expect(changed.status).toBe(204);
    expect((await call('GET', '/account', undefined, before)).status).toBe(401);
    const present = await call('GET', '/account', undefined, owner.cookie);
    expect(present.status).toBe(200);
    const { id } = present.body['member'] as { id: string };
    expect((await audited(app, { actor: id })).at(-1)).toBe('gateway.account.change-password done');
  });
});
