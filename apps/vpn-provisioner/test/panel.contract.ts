import { randomUUID } from 'node:crypto';
import {
  type Lack,
  type Panel,
  PanelDisagrees,
  PanelRefused,
  type PanelTrouble,
  type PanelUser,
  PanelUnavailable,
  type SeenUser,
} from '../src/panels/panel';
import { type PanelUnderTest, type PanelWorld, startPanels, startStranger } from './start-panels';

const GB = 1_000_000_000;
const DAY_MS = 86_400_000;
const SIGNAL = new AbortController().signal;

const aName = () => `sb_${randomUUID().replaceAll('-', '').slice(0, 29)}`;

/** Somebody who has bought a month. */
export const aUser = (over: Partial<PanelUser> = {}): PanelUser => ({
  name: aName(),
  credentials: { uuid: randomUUID(), password: randomUUID().replaceAll('-', '') },
  enabled: true,
  expiresAt: new Date(Math.floor(Date.now() / 1000) * 1000 + 30 * DAY_MS),
  limitBytes: 50 * GB,
  devices: 3,
  ...over,
});

const failure = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    (answer) => {
      throw new Error(`it was answered with ${JSON.stringify(answer)}`);
    },
    (error: unknown) => error,
  );

export async function listed(panel: Panel): Promise<SeenUser[]> {
  const users: SeenUser[] = [];
  for await (const user of panel.list(SIGNAL)) users.push(user);
  return users;
}

/** What every panel must hold; the spec of each runs all of it, over HTTP. */
export function panelContract(world: PanelWorld): void {
  const { definition, refusal, wrongSecrets, signsIn, pinsCertificate } = world;
  const knows = (what: Lack) => !definition.lacks.includes(what);
  let panels: Awaited<ReturnType<typeof startPanels>>;
  let server: PanelUnderTest;
  let panel: Panel;

  beforeAll(async () => void (panels = await startPanels(world)));
  afterAll(() => panels.close());
  beforeEach(async () => {
    server = await panels.server();
    ({ panel } = server);
  });

  const ensure = (user: PanelUser) => panel.ensure(user, SIGNAL);
  const read = (name: string) => panel.read(name, SIGNAL);

  /** What the server itself holds of a user is what was asked for. */
  async function expectHeld(user: PanelUser): Promise<void> {
    const all = await server.byHand.users();
    const same = all.filter(({ name }) => name === user.name);
    expect(same).toHaveLength(1);
    const [held] = same;
    const { uuid, password } = held!;
    expect(held).toMatchObject({
      served: user.enabled && user.expiresAt.getTime() > Date.now(),
      ...(knows('expiry') && { expiresAt: Math.ceil(user.expiresAt.getTime() / 1000) * 1000 }),
      ...(knows('limit') && user.enabled && { limitBytes: user.limitBytes }),
      ...(knows('devices') && { devices: user.devices }),
    });
    expect({ ...user.credentials, ...(uuid && { uuid }), ...(password && { password }) }).toEqual(user.credentials);
    expect(uuid ?? password).toBeDefined();
  }

  describe('a user', () => {
    it('is made exactly as asked, and read back', async () => {
      const user = aUser();
      const seen = await ensure(user);
      expect(seen).toMatchObject({ name: user.name, enabled: true, isServed: true, usedBytes: 0, onlineAt: null });
      expect(seen).toMatchObject({
        expiresAt: knows('expiry') ? user.expiresAt : null,
        ...(knows('limit') && { limitBytes: user.limitBytes }),
        devices: knows('devices') ? user.devices : null,
      });
      expect(user.credentials).toMatchObject(seen.credentials);
      await expectHeld(user);
      expect(await read(user.name)).toEqual(seen);
    });

    it('may have no limit, no number of devices, and an end between two seconds', async () => {
      const end = new Date(Math.floor(Date.now() / 1000) * 1000 + 300_500);
      const user = aUser({ limitBytes: null, devices: null, expiresAt: end });
      expect(await ensure(user)).toMatchObject({ limitBytes: null, devices: null, isServed: true });
      await expectHeld(user);
      expect((await server.byHand.use(user.name, 200 * GB)).served).toBe(true);
      expect(await ensure(user)).toMatchObject({ isServed: true, usedBytes: 200 * GB });
    });

    it('may be disabled from the beginning, and is not served until enabled', async () => {
      const user = aUser({ enabled: false });
      expect(await ensure(user)).toMatchObject({ enabled: false, isServed: false });
      expect(await server.byHand.use(user.name, 1)).toEqual({ served: false });
      const enabled = { ...user, enabled: true };
      expect(await ensure(enabled)).toMatchObject({ enabled: true, isServed: true });
      await expectHeld(enabled);
      expect(await server.byHand.use(user.name, 1)).toEqual({ served: true });
    });

    it('asked for twice is one user: no days are added and what was used stays counted', async () => {
      const user = aUser();
      await ensure(user);
      await server.byHand.use(user.name, 7 * GB);
      expect(await ensure(user)).toMatchObject({ usedBytes: 7 * GB, isServed: true });
      await expectHeld(user);
    });

    it('that is as it has to be is not written again', async () => {
      const user = aUser();
      await ensure(user);
      const since = (await server.byHand.calls()).at(-1)!.id;
      await ensure(user);
      const calls = await server.byHand.calls({ since });
      expect(calls.filter(({ target }) => ['create', 'change', 'remove', 'reset'].includes(target))).toEqual([]);
    });

    it('asked for ten times at once is one user', async () => {
      const user = aUser();
      const adapters = [panel, server.again(), server.again()];
      const asked = Array.from({ length: 10 }, (_, i) => adapters[i % 3]!.ensure(user, SIGNAL));
      for (const seen of await Promise.all(asked)) expect(seen).toMatchObject({ name: user.name, isServed: true });
      await expectHeld(user);
    });

    it('is made beside others at once, each once', async () => {
      const users = Array.from({ length: 12 }, () => aUser());
      await Promise.all(users.map(ensure));
      for (const user of users) await expectHeld(user);
      expect(await server.byHand.users()).toHaveLength(users.length);
    });

    it.each<[string, (user: PanelUser) => Partial<PanelUser>]>([
      ['limit', () => ({ limitBytes: 80 * GB })],
      ['limit, to none', () => ({ limitBytes: null })],
      ['limit, to less than was used', () => ({ limitBytes: 1 * GB })],
      ['end', ({ expiresAt }) => ({ expiresAt: new Date(expiresAt.getTime() + 30 * DAY_MS) })],
      ['end, to an earlier one', () => ({ expiresAt: new Date(Math.floor(Date.now() / 1000) * 1000 + DAY_MS) })],
      ['devices', () => ({ devices: 5 })],
      ['devices, to any number', () => ({ devices: null })],
      ['credentials', () => ({ credentials: { uuid: randomUUID(), password: 'another-password-1' } })],
      ['everything', () => ({ limitBytes: 9 * GB, devices: 1, expiresAt: new Date(2_000_000_000_000) })],
    ])('changes its %s and keeps what was used', async (what, change) => {
      const before = aUser();
      await ensure(before);
      await server.byHand.use(before.name, 2 * GB);
      const user = { ...before, ...change(before) };
      const usedUp = knows('limit') && (user.limitBytes ?? Infinity) <= 2 * GB;
      const usedBytes = what === 'credentials' && !knows('rekeying') ? 0 : 2 * GB;
      expect(await ensure(user)).toMatchObject({ usedBytes, isServed: !usedUp });
      if (usedUp) expect(await server.byHand.use(user.name, 1)).toEqual({ served: false });
      else await expectHeld(user);
    });

    it('is disabled and enabled again, and has what it had', async () => {
      const user = aUser();
      await ensure(user);
      await server.byHand.use(user.name, 3 * GB);
      const disabled = { ...user, enabled: false };
      expect(await ensure(disabled)).toMatchObject({ enabled: false, isServed: false, usedBytes: 3 * GB });
      expect(await server.byHand.use(user.name, 1)).toEqual({ served: false });
      expect(await ensure(user)).toMatchObject({ enabled: true, isServed: true, usedBytes: 3 * GB });
      await expectHeld(user);
    });

    it('that is disabled may be changed, and stays so', async () => {
      const user = aUser({ enabled: false });
      await ensure(user);
      const changed = { ...user, limitBytes: 70 * GB, expiresAt: new Date(user.expiresAt.getTime() + DAY_MS) };
      expect(await ensure(changed)).toMatchObject({ enabled: false, isServed: false });
      expect(await server.byHand.use(user.name, 1)).toEqual({ served: false });
      const enabled = { ...changed, enabled: true };
      await ensure(enabled);
      await expectHeld(enabled);
    });

    if (knows('limit')) {
      it('that has used up its traffic is served again when it gets more', async () => {
        const user = aUser({ limitBytes: 5 * GB });
        await ensure(user);
        await server.byHand.use(user.name, 5 * GB);
        expect(await server.byHand.use(user.name, 1)).toEqual({ served: false });
        expect(await read(user.name)).toMatchObject({ isServed: false, usedBytes: 5 * GB });
        const more = { ...user, limitBytes: 6 * GB };
        expect(await ensure(more)).toMatchObject({ isServed: true, usedBytes: 5 * GB });
        await expectHeld(more);
      });
    }

    if (knows('expiry')) {
      it('that is over is not served, and is again when it gets more time', async () => {
        const user = aUser();
        await ensure(user);
        await server.byHand.edit(user.name, { expiresAt: Date.now() - 1000 });
        expect(await read(user.name)).toMatchObject({ isServed: false });
        expect(await ensure(user)).toMatchObject({ isServed: true });
        await expectHeld(user);
      });

      it('that is over and has used up its traffic as well is served again when it gets more of both', async () => {
        const user = aUser({ limitBytes: 5 * GB });
        await ensure(user);
        await server.byHand.use(user.name, 5 * GB);
        await server.byHand.edit(user.name, { expiresAt: Date.now() - 1000 });
        expect(await read(user.name)).toMatchObject({ isServed: false });
        const renewed = { ...user, limitBytes: 10 * GB, expiresAt: new Date(user.expiresAt.getTime() + DAY_MS) };
        expect(await ensure(renewed)).toMatchObject({ isServed: true, usedBytes: 5 * GB });
        await expectHeld(renewed);
      });

      it('whose end is in the past is not served', async () => {
        const user = aUser({ expiresAt: new Date(Date.now() - DAY_MS) });
        expect(await ensure(user)).toMatchObject({ isServed: false });
        expect(await server.byHand.use(user.name, 1)).toEqual({ served: false });
        const served = aUser();
        await ensure(served);
        const over = { ...served, expiresAt: new Date(Date.now() - 60_000) };
        expect(await ensure(over)).toMatchObject({ isServed: false });
        expect(await server.byHand.use(served.name, 1)).toEqual({ served: false });
      });
    }

    it('is removed, and removed again', async () => {
      const user = aUser();
      await ensure(user);
      await ensure(aUser());
      await panel.remove(user.name, SIGNAL);
      expect(await read(user.name)).toBeUndefined();
      expect((await server.byHand.users()).map(({ name }) => name)).not.toContain(user.name);
      await panel.remove(user.name, SIGNAL);
      await panel.remove(aName(), SIGNAL);
      expect(await server.byHand.users()).toHaveLength(1);
    });

    it('that was removed can be made again', async () => {
      const user = aUser();
      await ensure(user);
      await server.byHand.use(user.name, GB);
      await panel.remove(user.name, SIGNAL);
      expect(await ensure(user)).toMatchObject({ isServed: true });
      await expectHeld(user);
    });

    it('that nobody has made is not there', async () => {
      expect(await read(aName())).toBeUndefined();
    });

    it('may have any name that we give: 3 to 32 letters, digits and underscores', async () => {
      for (const name of ['sb_', 'sb_0', `sb_${'z7'.repeat(15)}`.slice(0, 32)])
        expect(await ensure(aUser({ name }))).toMatchObject({ name });
      expect(await server.byHand.users()).toHaveLength(3);
    });
  });

  describe('an answer that is lost', () => {
    const LOST = ['500-after-commit', 'reset-after-commit', 'hang-after-commit'];

    it.each(LOST)('on making (%s) leaves it open, and makes no second user', async (kind) => {
      const user = aUser();
      await server.misbehave({ target: 'create', kind, times: 1 });
      const hasty = server.again({ timeoutMs: 300 });
      const error = await failure(hasty.ensure(user, SIGNAL));
      expect(error).toBeInstanceOf(Error);
      expect(error).not.toBeInstanceOf(PanelRefused);
      await server.behave();
      await ensure(user);
      await expectHeld(user);
      expect(await server.byHand.users()).toHaveLength(1);
    });

    it.each(LOST)('on a change (%s) leaves it open, and is put right', async (kind) => {
      const before = aUser();
      await ensure(before);
      await server.byHand.use(before.name, GB);
      const user = { ...before, limitBytes: 70 * GB, enabled: true };
      await server.misbehave({ target: 'change', kind, times: 1 });
      expect(await failure(server.again({ timeoutMs: 300 }).ensure(user, SIGNAL))).not.toBeInstanceOf(PanelRefused);
      await server.behave();
      expect(await ensure(user)).toMatchObject({ usedBytes: GB });
      await expectHeld(user);
    });

    it.each(LOST)('on removing (%s) is no harm', async (kind) => {
      const user = aUser();
      await ensure(user);
      await server.misbehave({ target: 'remove', kind, times: 1 });
      expect(await failure(server.again({ timeoutMs: 300 }).remove(user.name, SIGNAL))).toBeInstanceOf(Error);
      await server.behave();
      await panel.remove(user.name, SIGNAL);
      expect((await server.byHand.users()).map(({ name }) => name)).not.toContain(user.name);
    });

    it('on reading back leaves it open', async () => {
      const user = aUser();
      await server.misbehave({ target: 'read', kind: '500', after: 1 });
      await server.misbehave({ target: 'list', kind: '500', after: 1 });
      expect(await failure(ensure(user))).toMatchObject({ name: 'PanelUnavailable', trouble: 'failed' });
    });
  });

  describe('what somebody has done by hand', () => {
    const edits: readonly [string, Parameters<PanelUnderTest['byHand']['edit']>[1], Lack?][] = [
      ['another limit', { limitBytes: 1 }, 'limit'],
      ['no limit', { limitBytes: null }, 'limit'],
      ['another end', { expiresAt: 4_000_000_000_000 }, 'expiry'],
      ['no end', { expiresAt: null }, 'expiry'],
      ['other devices', { devices: 9 }, 'devices'],
      ['being disabled', { enabled: false }],
      ['other credentials', { uuid: randomUUID(), password: 'by-hand-password-1' }],
    ];

    it.each(edits.filter(([, , needs]) => !needs || knows(needs)))('is seen and put right: %s', async (_, edit) => {
      const user = aUser();
      const before = await ensure(user);
      await server.byHand.edit(user.name, edit);
      expect(await read(user.name)).not.toEqual(before);
      expect(await ensure(user)).toMatchObject({ isServed: true });
      await expectHeld(user);
    });

    it('is seen and put right: removed', async () => {
      const user = aUser();
      await ensure(user);
      await server.byHand.remove(user.name);
      expect(await read(user.name)).toBeUndefined();
      await ensure(user);
      await expectHeld(user);
    });

    it('is put right after a restored backup, for those that were not there yet and those that were others then', async () => {
      const [old, young] = [aUser({ limitBytes: GB }), aUser()];
      await ensure(old);
      await server.byHand.backUp();
      const grown = { ...old, limitBytes: 60 * GB };
      await ensure(grown);
      await ensure(young);
      await server.byHand.restoreBackup();
      expect((await listed(panel)).map(({ name }) => name)).toEqual([old.name]);
      await ensure(grown);
      await ensure(young);
      await expectHeld(grown);
      await expectHeld(young);
    });
  });

  describe('a panel that says yes and', () => {
    const write = (kind: string) =>
      server.misbehave({ target: 'create', kind }, { target: 'change', kind }, { target: 'remove', kind });

    it('makes nobody, disagrees', async () => {
      await write('unkept');
      const error = await failure(ensure(aUser()));
      expect(error).toBeInstanceOf(PanelDisagrees);
      expect(error).toMatchObject({ fields: ['name'] });
    });

    it('changes nothing, disagrees', async () => {
      const user = aUser();
      await ensure(user);
      await write('unkept');
      const changed = { ...user, limitBytes: 70 * GB, expiresAt: new Date(user.expiresAt.getTime() + DAY_MS) };
      const error = await failure(ensure(changed));
      expect(error).toBeInstanceOf(PanelDisagrees);
      const fields = [...(knows('expiry') ? ['expiresAt'] : []), ...(knows('limit') ? ['limitBytes'] : [])];
      expect(error).toMatchObject({ fields });
    });

    it.each([
      ...(knows('limit') ? ['limitBytes'] : []),
      ...(knows('expiry') ? ['expiresAt'] : []),
      ...(knows('devices') ? ['devices'] : []),
      ...['enabled', 'credentials'],
    ])('keeps another %s, disagrees', async (field) => {
      await write(`altered:${field}`);
      const error = await failure(ensure(aUser()));
      expect(error).toBeInstanceOf(PanelDisagrees);
      expect((error as PanelDisagrees).fields).toContain(field);
    });

    it('removes nobody, disagrees', async () => {
      const user = aUser();
      await ensure(user);
      await server.misbehave({ target: 'remove', kind: 'unkept' });
      expect(await failure(panel.remove(user.name, SIGNAL))).toBeInstanceOf(PanelDisagrees);
    });
  });

  describe('what is refused for good', () => {
    it.each(['create', 'change'])('is told in the words of the panel: %s', async (target) => {
      const user = aUser();
      if (target === 'change') await ensure(user);
      await server.misbehave({ target, kind: 'answer', answer: refusal.answer });
      const error = await failure(ensure({ ...user, limitBytes: 71 * GB }));
      expect(error).toBeInstanceOf(PanelRefused);
      expect((error as Error).message).toContain(refusal.words);
    });
  });

  describe('all users', () => {
    it('are listed through thousands, each once, ours and those of others', async () => {
      const strangers = Array.from({ length: 2345 }, (_, i) => `stranger-${i}`);
      await server.byHand.add(strangers, { limitBytes: 7 * GB });
      const [user, off] = [aUser(), aUser({ enabled: false })];
      await ensure(user);
      await ensure(off);
      await server.byHand.use(user.name, 3 * GB);
      const users = await listed(panel);
      expect(users).toHaveLength(strangers.length + 2);
      const byName = new Map(users.map((one) => [one.name, one]));
      expect(byName.size).toBe(users.length);
      expect(byName.get('stranger-0')).toMatchObject({ usedBytes: 0, isServed: true });
      expect(byName.get(user.name)).toMatchObject({ usedBytes: 3 * GB, isServed: true, enabled: true });
      expect(byName.get(off.name)).toMatchObject({ usedBytes: 0, isServed: false, enabled: false });
      expect(byName.get(user.name)).toEqual(await read(user.name));
    });

    it('of an empty panel are none', async () => {
      expect(await listed(panel)).toEqual([]);
    });

    it('are not given for the whole when the panel breaks off', async () => {
      await ensure(aUser());
      await server.misbehave({ target: 'list', kind: '500' });
      expect(await failure(listed(panel))).toMatchObject({ trouble: 'failed' });
    });
  });

  it('counts what was used, and says when somebody was last seen where it knows', async () => {
    const user = aUser();
    await ensure(user);
    const before = Date.now();
    await server.byHand.use(user.name, 1_234_567);
    await server.byHand.use(user.name, 1);
    const seen = (await read(user.name))!;
    expect(seen.usedBytes).toBe(1_234_568);
    // To the second, where the panel keeps no more.
    if (seen.onlineAt) expect(seen.onlineAt.getTime()).toBeGreaterThanOrEqual(before - 1000);
  });

  it('says how apps connect, where it can', async () => {
    const { endpoints } = panel;
    if (!endpoints) return;
    const user = aUser();
    await ensure(user);
    const found = await endpoints(user.name, SIGNAL);
    expect(found.length).toBeGreaterThan(0);
    for (const { host, port } of found) {
      expect(host).not.toBe('');
      expect(port).toBeGreaterThan(0);
    }
    expect(JSON.stringify(found)).not.toContain(user.credentials.uuid);
    expect(JSON.stringify(found)).not.toContain(user.credentials.password);
  });

  describe('health', () => {
    it('tells the version of a server that works', async () => {
      expect(await panel.health(SIGNAL)).toMatchObject({ version: expect.stringMatching(/\d/) });
    });

    it.each(['refusing', 'silent'] as const)('of a server that is %s is none, until it is back', async (power) => {
      await panel.health(SIGNAL);
      await server.byHand.setPower(power);
      const error = await failure(server.again({ timeoutMs: 300 }).health(SIGNAL));
      if (power === 'refusing') expect(error).toMatchObject({ name: 'PanelUnavailable', trouble: 'unreachable' });
      else expect(error).toMatchObject({ name: 'UpstreamTimeout' });
      await server.byHand.setPower('up');
      await panel.health(SIGNAL);
    });
  });

  describe('trouble', () => {
    const page = '<!doctype html><html><body><form action="/login">Sign in</form></body></html>';
    const html = { 'content-type': 'text/html; charset=utf-8' };

    it.each<[string, PanelTrouble, string, object | undefined]>([
      ['a failure', 'failed', '500', undefined],
      ['a broken proxy', 'failed', '502-html', undefined],
      ['too much', 'busy', '429', undefined],
      ['a broken connection', 'unreachable', 'reset', undefined],
      ['a login page', 'unintelligible', 'answer', { status: 200, headers: html, body: page }],
      ['a page that is not there', 'unintelligible', 'answer', { status: 404, headers: html, body: page }],
      ['a redirection', 'unintelligible', 'answer', { status: 302, headers: { location: '/login' }, body: '' }],
      ['nothing', 'unintelligible', 'answer', { status: 200, body: '' }],
      ['something else', 'unintelligible', 'answer', { status: 200, body: { hello: 'world' } }],
    ])('%s: it is told so, and mended by asking again', async (_, trouble, kind, answer) => {
      const user = aUser();
      await panel.health(SIGNAL);
      await server.misbehave({ target: '*', kind, ...(answer && { answer }) });
      for (const call of [() => ensure(user), () => listed(panel), () => panel.health(SIGNAL)]) {
        const error = await failure(call());
        expect(error).toBeInstanceOf(PanelUnavailable);
        expect(error).toMatchObject({ trouble });
      }
      await server.behave();
      await ensure(user);
      await expectHeld(user);
    });

    it('of a panel that is slow ends at the deadline', async () => {
      await server.misbehave({ target: '*', kind: 'hang' });
      const hasty = server.again({ timeoutMs: 200 });
      expect(await failure(hasty.ensure(aUser(), SIGNAL))).toMatchObject({ name: 'UpstreamTimeout' });
      expect(await failure(listed(hasty))).toMatchObject({ name: 'UpstreamTimeout' });
    });

    it('ends when the caller gives up, by their own reason', async () => {
      await server.misbehave({ target: '*', kind: 'hang' });
      const caller = new AbortController();
      const asked = failure(panel.ensure(aUser(), caller.signal));
      const reason = new Error('the job is over');
      setTimeout(() => caller.abort(reason), 50);
      expect(await asked).toBe(reason);
    });

    if (signsIn) {
      it('of a session that has ended is mended by signing in once, however many were under way', async () => {
        const users = Array.from({ length: 6 }, () => aUser());
        await ensure(users[0]!);
        await server.byHand.signOut();
        const since = (await server.byHand.calls()).at(-1)!.id;
        await Promise.all(users.map(ensure));
        expect(await server.byHand.calls({ since, target: 'login' })).toHaveLength(1);
        for (const user of users) await expectHeld(user);
      });
    }

    it('of a wrong password is told, and does not lock the account by trying on', async () => {
      const stranger = server.again({ secrets: wrongSecrets });
      const calls = [() => stranger.health(SIGNAL), () => stranger.ensure(aUser(), SIGNAL), () => listed(stranger)];
      for (const call of calls)
        expect(await failure(call())).toMatchObject({ name: 'PanelUnavailable', trouble: 'unauthorized' });
      expect((await server.byHand.calls({ target: 'login' })).length).toBeLessThanOrEqual(1);
      expect(await server.byHand.users()).toEqual([]);
    });

    if (pinsCertificate) {
      it('of another certificate is told, and nothing is sent to whoever has it', async () => {
        await ensure(aUser());
        const since = (await server.byHand.calls()).at(-1)!.id;
        const { account } = await server.byHand.renewCertificate();
        for (const call of [() => ensure(aUser()), () => panel.health(SIGNAL), () => server.again().health(SIGNAL)])
          expect(await failure(call())).toMatchObject({ name: 'PanelUnavailable', trouble: 'certificate' });
        expect(await server.byHand.calls({ since })).toEqual([]);
        await server.again({ account }).ensure(aUser(), SIGNAL);
      });
    } else {
      it('of a certificate that nobody has signed is told, nothing is sent to whoever has it, and nobody is lost', async () => {
        const user = aUser();
        await ensure(user);
        const since = (await server.byHand.calls()).at(-1)!.id;
        const stranger = await startStranger();
        const there = server.again({ origin: stranger.origin });
        const calls = [
          ...[() => there.health(SIGNAL), () => there.ensure(user, SIGNAL), () => there.read(user.name, SIGNAL)],
          ...[() => listed(there), () => there.remove(user.name, SIGNAL)],
        ];
        for (const call of calls)
          expect(await failure(call())).toMatchObject({ name: 'PanelUnavailable', trouble: 'certificate' });
        stranger.close();
        expect(stranger.asked).toEqual([]);
        expect(await server.byHand.calls({ since })).toEqual([]);
        await expectHeld(user);
      });
    }

    it('never tells a secret', async () => {
      const secrets = Object.values(world.setUp(server.account).secrets);
      const faults = ['500', '502-html', 'reset', '429'];
      for (const kind of faults) {
        await server.behave();
        await server.misbehave({ target: '*', kind });
        const error = (await failure(server.again().ensure(aUser(), SIGNAL))) as Error;
        const told = [error, error.cause].map((one) => String(one) + JSON.stringify(one)).join();
        for (const secret of secrets) expect(told).not.toContain(secret);
      }
    });
  });
}
