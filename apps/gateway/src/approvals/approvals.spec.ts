import { DemandApproval, NoticeSendRequested } from '@switchboard/contracts';
import { ServiceClient, ServiceIdentity } from '@switchboard/service-kit';
import { erasePerson, startApp, tablesWith, type TestApp } from '@switchboard/testing';
import { Registry } from 'prom-client';
import { v7 as uuidv7 } from 'uuid';
import { audited } from '../../test/audit';
import { type SignedIn, signInStaff } from '../../test/sign-in';
import { SITE } from '../../test/start-gateway';
import { gatewayApp } from '../gateway.app';
import { ApprovalsService } from './approvals.service';

const HOUR_MS = 3_600_000;

type Body = Record<string, unknown> & {
  params: { approvalId: string; state: string };
  data: Record<string, unknown>[];
};

describe('what needs a second person', () => {
  let app: TestApp;
  let olga: SignedIn;
  let oleg: SignedIn;
  let adam: SignedIn;

  beforeAll(async () => {
    app = await startApp(gatewayApp, { env: { GATEWAY_PUBLIC_URL: SITE } });
  });
  afterAll(() => app.stop());
  /** Sessions end by being idle, and proofs of who they are grow old. */
  beforeEach(async () => {
    await app.service.db.query('DELETE FROM staff');
    [olga, oleg] = [await signInStaff(app, 'owner'), await signInStaff(app, 'owner')];
    adam = await signInStaff(app, 'admin');
  });

  const ask = async (as: SignedIn, method: string, path: string, body?: object, more: object = {}) => {
    const response = await fetch(`${app.service.publicUrl}/v1${path}`, {
      method,
      headers: { ...as.headers, ...(body && { 'content-type': 'application/json' }), ...more },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: (text ? JSON.parse(text) : {}) as Body };
  };
  const newKey = () => ({ 'idempotency-key': `key-${uuidv7()}` });
  const invitation = { email: 'eve@example.com', name: 'Eve', grants: [{ role: 'admin' }] };
  const invite = (more: object, wanted: object = invitation, as = olga) => ask(as, 'POST', '/staff', wanted, more);
  const approve = (id: string, as = oleg, body: object = {}) => ask(as, 'POST', `/approvals/${id}/approve`, body);
  const reject = (id: string, as = oleg) => ask(as, 'POST', `/approvals/${id}/reject`, { comment: 'who is that?' });
  const requested = async () => {
    const { status, body } = await invite(newKey());
    expect([status, body['code']]).toEqual([423, 'approval_required']);
    return body.params.approvalId;
  };
  const unusable = (state: string) => ({
    status: 409,
    body: { code: 'approval_unusable', params: { state } },
  });

  it('is told of to the staff, once, without a name', async () => {
    const key = newKey();
    const { approvalId } = (await invite(key)).body.params;
    await invite(key);
    const { data } = await app.probe.until(NoticeSendRequested, ({ data }) => data.noticeId === approvalId);
    expect(data.audience).toBe('staff');
    for (const text of Object.values(data.texts)) {
      expect(text).toContain('gateway.staff.invite');
      expect(text).toContain(`${SITE}/console/approvals`);
      expect(text).not.toMatch(/Eve|@/);
    }
    const told = app.probe.all(NoticeSendRequested).filter((event) => event.data.noticeId === approvalId);
    expect(told).toHaveLength(1);
  });

  it('is done once it was approved, once, by whoever asked for it', async () => {
    const key = newKey();
    const first = await invite(key);
    expect(first).toMatchObject({ status: 423, body: { code: 'approval_required', params: { state: 'pending' } } });
    const { approvalId } = first.body.params;
    const approved = { ...key, 'x-approval': approvalId };
    expect((await invite(approved)).status).toBe(423);
    const seen = await ask(oleg, 'GET', `/approvals/${approvalId}`);
    expect(seen.body).toMatchObject({
      ...{ route: 'gateway.staff.invite', path: '/staff', state: 'pending', mayDecide: true, body: invitation },
      requestedBy: { id: olga.id, name: `${olga.id}@example.com` },
    });
    expect(await tablesWith(app, 'eve@example.com')).toEqual([]);
    expect(await approve(approvalId)).toMatchObject({ status: 200, body: { state: 'approved', mayDecide: false } });
    expect((await invite(key)).body).toMatchObject({ params: { approvalId, state: 'approved' } });
    expect(await invite(approved, invitation, oleg)).toMatchObject(unusable('unknown'));
    expect(await invite(approved, { ...invitation, name: 'Evelyn' })).toMatchObject(unusable('unknown'));
    const done = await invite(approved);
    expect(done.status).toBe(201);
    // Its answer may have been lost.
    expect(await invite(approved)).toEqual(done);
    expect(await invite({ ...newKey(), 'x-approval': approvalId })).toMatchObject(unusable('used'));
    expect((await ask(adam, 'GET', '/approvals?state=used')).body.data).toMatchObject([
      { id: approvalId, decidedBy: { id: oleg.id } },
    ]);
    expect((await audited(app, { resource: approvalId })).sort()).toEqual([
      'gateway.approvals.approve done',
      'gateway.approvals.request done',
      'gateway.approvals.use done',
    ]);
    expect(await audited(app, { resource: String(done.body['staffId']) })).toEqual(['gateway.staff.invite done']);
  });

  it('is recorded once, however often it is asked for, also at once', async () => {
    const all = await Promise.all([1, 2, 3].map(() => invite(newKey())));
    expect(new Set(all.map(({ body }) => body.params.approvalId)).size).toBe(1);
    expect((await ask(oleg, 'GET', '/approvals')).body.data).toHaveLength(1);
  });

  it('is done although its first try failed, with the same key', async () => {
    const key = newKey();
    const { approvalId } = (await invite(key)).body.params;
    await approve(approvalId);
    const again = { ...key, 'x-approval': approvalId };
    await app.service.db.query('ALTER TABLE grants RENAME TO grants_away');
    try {
      expect((await invite(again)).status).toBeGreaterThanOrEqual(500);
    } finally {
      await app.service.db.query('ALTER TABLE grants_away RENAME TO grants');
    }
    expect((await invite(again)).status).toBe(201);
  });

  it('is decided by one of two who decide at once', async () => {
    const id = await requested();
    const statuses = [(await Promise.all([approve(id), reject(id, adam)])).map(({ status }) => status)].flat();
    expect(statuses.sort()).toEqual([200, 409]);
  });

  it('is decided by nobody who has asked for it, may not do it, or has proven long ago who they are', async () => {
    const id = await requested();
    expect(await approve(id, olga)).toMatchObject({ status: 403, body: { code: 'gateway.approval_of_oneself' } });
    const auditor = await signInStaff(app, 'auditor');
    expect((await ask(auditor, 'GET', `/approvals/${id}`)).body).toMatchObject({ mayDecide: false, body: invitation });
    expect((await approve(id, auditor)).status).toBe(403);
    await app.service.db.query(
      `INSERT INTO roles (name, scopes, is_built_in) VALUES ('approver', '{approvals:*}', false) ON CONFLICT DO NOTHING`,
    );
    const approver = await signInStaff(app, 'approver');
    expect(await approve(id, approver)).toMatchObject({ status: 403, body: { code: 'gateway.approval_beyond_own' } });
    expect((await ask(approver, 'GET', `/approvals/${id}`)).body).toMatchObject({ mayDecide: false });
    app.clock.advance(6 * 60_000);
    expect((await approve(id)).body).toMatchObject({ code: 'step_up_required' });
  });

  it('is not done when it was rejected, taken back, or is older than a day', async () => {
    const key = newKey();
    const rejected = (await invite(key)).body.params.approvalId;
    expect((await reject(rejected)).body).toMatchObject({ state: 'rejected', comment: 'who is that?' });
    expect(await invite({ ...key, 'x-approval': rejected })).toMatchObject(unusable('rejected'));
    expect(await approve(rejected)).toMatchObject({ status: 409, body: { code: 'gateway.approval_decided' } });

    const withdrawn = await requested();
    await approve(withdrawn);
    const withdraw = (as: SignedIn) => ask(as, 'POST', `/account/approvals/${withdrawn}/withdraw`);
    expect((await withdraw(oleg)).status).toBe(404);
    expect((await withdraw(olga)).status).toBe(204);
    expect(await invite({ ...newKey(), 'x-approval': withdrawn })).toMatchObject(unusable('withdrawn'));

    const old = await requested();
    await approve(old);
    // A day later nobody would be signed in any more.
    await app.service.db.query('UPDATE approvals SET expires_at = $2 WHERE id = $1', [old, app.clock.now()]);
    expect(await invite({ ...newKey(), 'x-approval': old })).toMatchObject(unusable('expired'));
    const own = (await ask(olga, 'GET', '/account/approvals')).body.data;
    expect(own.map(({ state }) => state)).toEqual(['expired', 'withdrawn', 'rejected']);
    expect((await ask(adam, 'GET', '/approvals?state=expired')).body.data).toMatchObject([{ id: old }]);
  });

  it('passes where nobody else could approve it', async () => {
    await app.service.db.query('DELETE FROM staff WHERE id = ANY($1)', [[oleg.id, adam.id]]);
    expect((await invite(newKey())).status).toBe(201);
  });

  it('is only what gives much away: others are invited by one', async () => {
    expect((await invite(newKey(), { ...invitation, grants: [{ role: 'support' }] })).status).toBe(201);
    const support = await signInStaff(app, 'support');
    const reinvited = await ask(olga, 'POST', `/staff/${support.id}/invitation`, undefined, newKey());
    expect(reinvited).toMatchObject({ status: 423 });
    const grants = (body: object, more: object = {}) =>
      ask(olga, 'PUT', `/staff/${support.id}/grants`, body, { 'if-match': '"1"', ...more });
    expect((await grants({ grants: [{ role: 'owner' }] })).status).toBe(423);
    expect((await grants({ grants: [{ role: 'analyst' }] })).status).toBe(200);
  });

  it('names the one revision that it is for, or it could be done again after it was undone', async () => {
    const support = await signInStaff(app, 'support');
    const grant = (ifMatch: string) =>
      ask(olga, 'PUT', `/staff/${support.id}/grants`, { grants: [{ role: 'owner' }] }, { 'if-match': ifMatch });
    for (const many of ['*', '"1", "2"'])
      expect(await grant(many)).toMatchObject({ status: 400, body: { code: 'malformed_if_match' } });
    expect((await grant('"1"')).status).toBe(423);
  });

  it('makes nobody mightier at the word of an administrator who owns one bot alone', async () => {
    const half = await signInStaff(app, 'admin', 'owner@lumen');
    const key = newKey();
    const wanted = { ...invitation, grants: [{ role: 'owner' }] };
    const { approvalId } = (await invite(key, wanted, half)).body.params;
    await approve(approvalId);
    expect(await invite({ ...key, 'x-approval': approvalId }, wanted, half)).toMatchObject({
      status: 403,
      body: { code: 'gateway.role_beyond_own' },
    });
    const suspended = await ask(half, 'POST', `/staff/${olga.id}/suspend`);
    expect(suspended).toMatchObject({ status: 403, body: { code: 'gateway.role_beyond_own' } });
  });

  it('of other services is asked for by them, and by nobody who only says that they are one', async () => {
    const demand = {
      ...{ requester: olga.id, method: 'POST', path: '/refunds', body: { amountMinor: 100 } },
      route: { id: 'payments.refunds.order', summary: 'Gives money back.', permission: 'refunds:write' },
      ...{ hash: 'a'.repeat(64), execution: 'key-1', botId: null, userId: uuidv7(), approvalId: null },
    };
    const payments = new ServiceClient(
      new ServiceIdentity('payments', app.keys),
      new Map([['gateway', app.url]]),
      new Registry(),
    );
    const verdict = await payments.call(DemandApproval, { body: demand });
    expect(verdict).toMatchObject({ verdict: 'required', state: 'pending' });
    // Outside there is a route for reading at this address only.
    expect((await ask(olga, 'POST', '/approvals/demands', demand)).status).toBe(405);
    await expect(app.gateway.call(DemandApproval, { body: demand })).rejects.toMatchObject({ status: 404 });
    await approve(verdict.approvalId!);
    const again = { ...demand, approvalId: verdict.approvalId! };
    expect(await payments.call(DemandApproval, { body: again })).toEqual({ verdict: 'passed' });
    expect(await payments.call(DemandApproval, { body: { ...again, execution: 'key-2' } })).toMatchObject({
      verdict: 'unusable',
    });
    // It is about a person, and goes with them.
    expect(await erasePerson(app, demand.userId)).toEqual([]);
    expect((await ask(oleg, 'GET', `/approvals/${verdict.approvalId!}`)).status).toBe(404);
  });

  it('is forgotten a month later', async () => {
    const id = await requested();
    const approvals = app.service.nest.get(ApprovalsService, { strict: false });
    await approvals.forgetExpiredBefore(app.clock.now());
    expect((await ask(oleg, 'GET', `/approvals/${id}`)).status).toBe(200);
    await approvals.forgetExpiredBefore(new Date(app.clock.now().getTime() + 25 * HOUR_MS));
    expect((await ask(oleg, 'GET', `/approvals/${id}`)).status).toBe(404);
  });
});
