import { startApp, type TestApp } from '@switchboard/testing';
import { generate, generateSecret } from 'otplib';
import { FieldCipher } from '@switchboard/service-kit';
import { v7 as uuidv7 } from 'uuid';
import { audited } from '../../test/audit';
import { signInStaff, type SignedIn } from '../../test/sign-in';
import { type PasskeyTricks, SoftwarePasskey } from '../../test/software-passkey';
import { gatewayApp } from '../gateway.app';
import { hashPassword } from './passwords';
import { StaffService } from './staff.service';

const SITE = 'http://localhost:4080';
const PASSWORD = 'violet tram under seven lemons';

interface Challenge {
  readonly ticket: string;
  readonly options: Record<string, unknown> & { allowCredentials?: unknown[]; excludeCredentials?: unknown[] };
}

describe('passkeys of staff', () => {
  let app: TestApp;
  let passwordHash: string;
  let address = 0;

  beforeAll(async () => {
    app = await startApp(gatewayApp);
    passwordHash = await hashPassword(PASSWORD);
  });
  afterAll(() => app.stop());
  beforeEach(() => void address++);

  const ask = async (method: string, path: string, body?: object, cookie = '') => {
    const response = await fetch(`${app.service.publicUrl}/v1${path}`, {
      method,
      headers: {
        ...(body && { 'content-type': 'application/json' }),
        ...(cookie && { cookie }),
        'x-forwarded-for': `198.51.100.${address}`,
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const session = response.headers.getSetCookie().find((each) => each.startsWith('__Host-staff='));
    return {
      status: response.status,
      body: (text ? JSON.parse(text) : {}) as Record<string, unknown>,
      cookie: session?.split(';')[0] ?? '',
    };
  };
  /** Somebody with a password and an app, signed in. */
  const member = async (): Promise<SignedIn & { email: string; secret: string; cookie: string }> => {
    const signedIn = await signInStaff(app, 'support');
    const { id } = signedIn;
    const [email, secret] = [`${id}@example.com`, generateSecret({ length: 20 })];
    const staff = app.service.nest.get(StaffService, { strict: false });
    const sealed = app.service.nest.get(FieldCipher, { strict: false }).encrypt(secret, 'staff.totp_secret', id);
    await app.service.db.query('UPDATE staff SET password_hash = $2, totp_secret = $3, email_hash = $4 WHERE id = $1', [
      id,
      passwordHash,
      sealed,
      staff.hashOfEmail(email),
    ]);
    return { ...signedIn, email, secret, cookie: signedIn.headers.cookie };
  };
  const begin = async (path: string, body: object | undefined, cookie?: string) =>
    (await ask('POST', path, body, cookie)).body as unknown as Challenge;
  const add = async (cookie: string, passkey: SoftwarePasskey, tricks?: PasskeyTricks) => {
    const { ticket, options } = await begin('/account/passkeys/options', undefined, cookie);
    return ask(
      'POST',
      '/account/passkeys',
      { ticket, name: 'Laptop', response: passkey.create(options, tricks) },
      cookie,
    );
  };
  const withPasskey = async (how: ConstructorParameters<typeof SoftwarePasskey>[1] = { counts: true }) => {
    const owner = await member();
    const passkey = new SoftwarePasskey(SITE, how);
    expect((await add(owner.cookie, passkey)).status).toBe(201);
    return { ...owner, passkey };
  };
  const signIn = async (passkey: SoftwarePasskey, tricks?: PasskeyTricks) => {
    const { ticket, options } = await begin('/staff-sign-in/passkey/options', {});
    return ask('POST', '/staff-sign-in/passkey', { ticket, response: passkey.get(options, tricks) });
  };
  const amrOf = async (cookie: string) =>
    ((await ask('GET', '/session', undefined, cookie)).body['staff'] as { id: string; amr: string[] } | null)?.amr;
  const refused = { status: 401, body: { code: 'gateway.passkey_refused' }, cookie: '' };

  it('sign in without a password, and count as two factors', async () => {
    const { passkey, id } = await withPasskey();
    const signedIn = await signIn(passkey);
    expect(signedIn.status).toBe(204);
    expect(await amrOf(signedIn.cookie)).toEqual(['hwk', 'user']);
    const { member: account } = (await ask('GET', '/account', undefined, signedIn.cookie)).body;
    expect(account).toMatchObject({ id, factors: ['password', 'totp', 'passkey'] });
    const synced = await withPasskey({ synced: true });
    expect(await amrOf((await signIn(synced.passkey)).cookie)).toEqual(['swk', 'user']);
  });

  it('are the second step after a password', async () => {
    const { passkey, email, secret } = await withPasskey();
    const other = await withPasskey();
    const step = await ask('POST', '/staff-sign-in/password', { email, password: PASSWORD });
    expect(step.body).toMatchObject({ next: 'code', hasPasskey: true });
    const { ticket, options } = await begin('/staff-sign-in/passkey/options', { ticket: step.body['ticket'] });
    expect(options.allowCredentials).toMatchObject([{ id: passkey.id }]);
    const foreign = { ticket, response: other.passkey.get(options) };
    expect(await ask('POST', '/staff-sign-in/passkey', foreign)).toMatchObject(refused);
    const again = await begin('/staff-sign-in/passkey/options', { ticket: step.body['ticket'] });
    const response = passkey.get(again.options);
    const signedIn = await ask('POST', '/staff-sign-in/passkey', { ticket: again.ticket, response });
    expect(await amrOf(signedIn.cookie)).toEqual(['pwd', 'hwk', 'user']);
    // Beside it the code goes on working.
    const code = await generate({ secret, epoch: Math.floor(app.clock.now().getTime() / 1000) });
    expect((await ask('POST', '/staff-sign-in/code', { ticket: step.body['ticket'], code })).status).toBe(200);
  });

  it('prove once more who is signed in', async () => {
    const [{ passkey, cookie }, other] = [await withPasskey(), await withPasskey()];
    app.clock.advance(6 * 60_000);
    const options = () => begin('/account/prove/passkey/options', undefined, cookie);
    expect((await ask('POST', '/account/passkeys/options', undefined, cookie)).body).toMatchObject({
      code: 'step_up_required',
    });
    const foreign = await options();
    const answer = { ticket: foreign.ticket, response: other.passkey.get(foreign.options) };
    expect(await ask('POST', '/account/prove/passkey', answer, cookie)).toMatchObject({ status: 401 });
    // Nor what was to be signed for a sign-in.
    const open = await begin('/staff-sign-in/passkey/options', {});
    const signed = { ticket: open.ticket, response: passkey.get(open.options) };
    expect(await ask('POST', '/account/prove/passkey', signed, cookie)).toMatchObject({ status: 401 });
    const own = await options();
    const right = { ticket: own.ticket, response: passkey.get(own.options) };
    expect((await ask('POST', '/account/prove/passkey', right, cookie)).status).toBe(204);
    expect((await ask('POST', '/account/passkeys/options', undefined, cookie)).status).toBe(200);
  });

  it.each<[string, PasskeyTricks]>([
    ['on a page of another site', { origin: 'https://evil.example' }],
    ['for another site', { rpId: 'evil.example' }],
    ['that was not unlocked', { verified: false }],
    ['that has signed something else', { challenge: Buffer.alloc(32, 1).toString('base64url') }],
    ['of somebody else, as it says itself', { userHandle: Buffer.alloc(16, 1).toString('base64url') }],
  ])('%s are refused', async (_what, tricks) => {
    const { passkey } = await withPasskey();
    expect(await signIn(passkey, tricks)).toMatchObject(refused);
    expect((await signIn(passkey)).status).toBe(204);
  });

  it('sign what they were given once, within five minutes', async () => {
    const { passkey } = await withPasskey({});
    const { ticket, options } = await begin('/staff-sign-in/passkey/options', {});
    const answer = { ticket, response: passkey.get(options) };
    expect((await ask('POST', '/staff-sign-in/passkey', answer)).status).toBe(204);
    const expired = { status: 401, body: { code: 'gateway.sign_in_expired' } };
    expect(await ask('POST', '/staff-sign-in/passkey', answer)).toMatchObject(expired);
    const late = await begin('/staff-sign-in/passkey/options', {});
    app.clock.advance(5 * 60_000 + 1);
    const response = passkey.get(late.options);
    expect(await ask('POST', '/staff-sign-in/passkey', { ticket: late.ticket, response })).toMatchObject(expired);
  });

  it('that a copy has used count no more, and nobody shuts one out by saying so', async () => {
    const { passkey, cookie, id } = await withPasskey();
    for (let i = 0; i < 3; i++) await signIn(passkey);
    const forger = new SoftwarePasskey(SITE);
    Object.assign(forger, { id: passkey.id });
    expect(await signIn(forger, { counter: 1 })).toMatchObject(refused);
    expect((await signIn(passkey)).status).toBe(204);
    expect(await signIn(passkey, { counter: 2 })).toMatchObject(refused);
    expect(await signIn(passkey, { counter: 99 })).toMatchObject(refused);
    expect((await ask('GET', '/account/passkeys', undefined, cookie)).body['data']).toMatchObject([{ isCloned: true }]);
    const metrics = await (await fetch(`${app.url}/metrics`)).text();
    expect(metrics).toMatch(/staff_passkey_clones_total\{[^}]*\} 1/);
    const acts = await audited(app, { actor: id });
    expect(acts.filter((act) => /^gateway\.passkeys\.(?!begin)/.test(act))).toEqual([
      'gateway.passkeys.add done',
      // The forger's, the copy's, and the owner's after that.
      'gateway.passkeys.use denied',
      'gateway.passkeys.shut-out denied',
      'gateway.passkeys.use denied',
      'gateway.passkeys.use denied',
    ]);
  });

  it.each<[string, PasskeyTricks]>([
    ['made on a page of another site', { origin: 'https://evil.example' }],
    ['made for another site', { rpId: 'evil.example' }],
    ['without a lock', { verified: false }],
    ['for another challenge', { challenge: Buffer.alloc(32, 1).toString('base64url') }],
  ])('%s are not added', async (_what, tricks) => {
    const { cookie } = await member();
    expect(await add(cookie, new SoftwarePasskey(SITE), tricks)).toMatchObject({
      status: 422,
      body: { code: 'gateway.passkey_unusable' },
    });
  });

  it('are one person’s, and made for nobody else', async () => {
    const [{ passkey, cookie }, other] = [await withPasskey(), await member()];
    const { options } = await begin('/account/passkeys/options', undefined, cookie);
    expect(options.excludeCredentials).toMatchObject([{ id: passkey.id }]);
    expect((await add(other.cookie, passkey)).status).toBe(422);
    const mine = await begin('/account/passkeys/options', undefined, cookie);
    const response = new SoftwarePasskey(SITE).create(mine.options);
    const body = { ticket: mine.ticket, name: 'Mine', response };
    expect((await ask('POST', '/account/passkeys', body, other.cookie)).status).toBe(422);
  });

  it('are named and removed, but the last way to sign in is not', async () => {
    const { cookie, passkey, id } = await withPasskey();
    const [listed] = (await ask('GET', '/account/passkeys', undefined, cookie)).body['data'] as { id: string }[];
    const path = `/account/passkeys/${listed!.id}`;
    expect((await ask('PATCH', path, { name: 'Phone' }, cookie)).body).toMatchObject({ name: 'Phone' });
    const stranger = await member();
    expect((await ask('PATCH', path, { name: 'Mine' }, stranger.cookie)).status).toBe(404);
    expect((await ask('DELETE', path, undefined, stranger.cookie)).status).toBe(404);
    await app.service.db.query('UPDATE staff SET totp_secret = NULL WHERE id = $1', [id]);
    expect(await ask('DELETE', path, undefined, cookie)).toMatchObject({
      status: 409,
      body: { code: 'gateway.last_way_in' },
    });
    const second = new SoftwarePasskey(SITE);
    await add(cookie, second);
    expect((await ask('DELETE', path, undefined, cookie)).status).toBe(204);
    expect(await signIn(passkey)).toMatchObject(refused);
    expect((await signIn(second)).status).toBe(204);
  });

  it('of somebody who was suspended or invited anew let nobody in', async () => {
    const [suspended, anew] = [await withPasskey(), await withPasskey()];
    const owner = await signInStaff(app, 'owner');
    const post = (path: string) =>
      fetch(`${app.service.publicUrl}/v1${path}`, {
        method: 'POST',
        headers: { ...owner.headers, 'idempotency-key': uuidv7() },
      });
    expect((await post(`/staff/${suspended.id}/suspend`)).status).toBe(200);
    expect((await post(`/staff/${anew.id}/invitation`)).status).toBe(200);
    expect(await signIn(suspended.passkey)).toMatchObject(refused);
    expect(await signIn(anew.passkey)).toMatchObject(refused);
    expect(await app.service.db.query('SELECT FROM passkeys WHERE staff_id = $1', [anew.id])).toEqual([]);
  });
});
