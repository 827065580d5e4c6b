import {
  type Actor,
  DeviceRefused,
  ForgetMyDevice,
  ListMyDevices,
  ResetMyDevices,
  RotateMyLink,
} from '@switchboard/contracts';
import { startApp, TcpProxy, type TestApp, until } from '@switchboard/testing';
import { randomBytes, randomUUID } from 'node:crypto';
import { parse } from 'yaml';
import { pretended } from '../../test/pretended.panel';
import { Rows } from '../../test/rows';
import type { Access } from '../accesses/access.entity';
import { DeviceSightings } from '../devices/device-sightings.service';
import type { Server } from '../servers/server.entity';
import { defineVpnProvisioner } from '../vpn-provisioner.module';
import { LinkSnapshots } from './link-snapshots.service';
import { LinksService } from './links.service';
import { SharedLimits } from './shared-limits.service';

const env = { VPN_PROVISIONER_PUBLIC_URL: 'https://vpn.example.com', VPN_PROVISIONER_LINK_REQUESTS_PER_MINUTE: '1000' };
const vpn = defineVpnProvisioner([pretended]);
const HOUR_MS = 60 * 60_000;

/** Until it holds. */
const eventually = (hold: () => unknown) =>
  until(
    async () => {
      try {
        await hold();
        return true;
      } catch (error) {
        if ((error as { matcherResult?: unknown }).matcherResult === undefined) throw error;
        return false;
      }
    },
    { what: 'what is expected', timeoutMs: 5000 },
  );

/** What is to be seen on whichever replica is asked. */
class Phone {
  constructor(
    private readonly app: () => TestApp,
    private readonly rows: () => Rows,
  ) {}

  async link(access: Access): Promise<string> {
    const links = this.app().service.nest.get(LinksService, { strict: false });
    return this.app().service.db.transaction((tx) => links.addressOf(tx, access));
  }

  ask(link: string, headers: Record<string, string> = {}, init: RequestInit = {}, app = this.app()): Promise<Response> {
    const { pathname, search } = new URL(link);
    return fetch(app.service.publicUrl + pathname + search, {
      ...init,
      headers: { 'user-agent': 'v2rayNG/1.9', ...headers },
    });
  }

  /** The names of the servers that an app lists. */
  async names(link: string, headers: Record<string, string> = {}, app = this.app()): Promise<string[]> {
    const response = await this.ask(link, headers, {}, app);
    expect(response.status).toBe(200);
    const lines = Buffer.from(await response.text(), 'base64')
      .toString()
      .split('\n');
    return lines.map((line) => decodeURIComponent(line.split('#')[1]!));
  }

  get build(): Rows {
    return this.rows();
  }
}

describe('an address for apps', () => {
  let app: TestApp;
  let rows: Rows;
  const phone = new Phone(
    () => app,
    () => rows,
  );

  beforeAll(async () => {
    app = await startApp(vpn, { env });
    rows = new Rows(app);
  });
  afterAll(() => app.stop());

  const of = ({ userId }: Access): { actor: Actor } => ({
    actor: { kind: 'person', id: userId, roles: [], scopes: ['me:*'] },
  });
  const HWID = { 'x-hwid': 'a1b2c3d4e5f6', 'x-device-model': 'Pixel 9', 'x-device-os': 'Android', 'x-ver-os': '16' };

  it('is the same each time it is asked for, and leads to the servers, the fastest first', async () => {
    const slow = await rows.server({ name: 'Slow', region: 'us' }, { latencyMs: 200 });
    const fast = await rows.server({ name: 'Fast', region: 'nl-ams' }, { latencyMs: 20 });
    const access = await rows.access([slow, fast]);
    const link = await phone.link(access);
    expect(link).toMatch(/^https:\/\/vpn\.example\.com\/s\/[0-9A-Za-z]{28}$/);
    expect(await phone.link(access)).toBe(link);
    expect(await phone.names(link)).toEqual(['🇳🇱 Fast', '🇺🇸 Slow']);
  });

  it('answers each app in its own format, and says what is left', async () => {
    const access = await rows.access([await rows.server({ name: 'One' })], { usedBytes: 5, limitBytes: 1000 });
    const link = await phone.link(access);
    const response = await phone.ask(link, { 'user-agent': 'clash-verge/2.4' });
    expect(parse(await response.text())).toMatchObject({ proxies: [{ name: '🇩🇪 One', type: 'vless' }] });
    const expire = Math.floor(access.validUntil.getTime() / 1000);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'text/yaml; charset=utf-8',
      'subscription-userinfo': `upload=0; download=5; total=1000; expire=${expire}`,
      'profile-update-interval': '1',
      'profile-title': `base64:${Buffer.from('VPN').toString('base64')}`,
      'profile-web-page-url': link,
      'cache-control': 'private, no-cache',
      'referrer-policy': 'no-referrer',
    });
    const json = await phone.ask(`${link}/sing-box`);
    expect(await json.json()).toMatchObject({ route: { final: '🌐 VPN' } });
    expect((await phone.ask(`${link}?format=mihomo`)).headers.get('content-type')).toContain('yaml');
    expect((await phone.ask(`${link}/pdf`)).status).toBe(404);
    // There is no Shadowsocks.
    expect(parse(await (await phone.ask(`${link}/outline`)).text())).toEqual({
      error: { message: '⚠ This app cannot use your servers: open the link in a browser' },
    });
  });

  it('is not sent again to whoever has it, and HEAD says what GET would', async () => {
    const link = await phone.link(await rows.access([await rows.server()]));
    const first = await phone.ask(link);
    const etag = first.headers.get('etag')!;
    const second = await phone.ask(link, { 'if-none-match': `W/${etag}, "other"` });
    expect([second.status, await second.text(), second.headers.get('subscription-userinfo')]).toEqual([
      ...[304, '', first.headers.get('subscription-userinfo')],
    ]);
    const head = await phone.ask(link, {}, { method: 'HEAD' });
    expect([head.status, head.headers.get('etag'), head.headers.get('content-length')]).toEqual([
      ...[200, etag, first.headers.get('content-length')],
    ]);
    expect((await phone.ask(link, {}, { method: 'POST' })).status).toBe(405);
  });

  it.each([
    [{ status: 'paused' }, '⏸ Paused: resume it in the bot'],
    [{ status: 'expired' }, '⌛ Expired: renew it in the bot'],
    [{ suspendedFor: 'traffic_used' }, '📊 Traffic is used up: get more in the bot'],
    [{ suspendedFor: 'misuse' }, '⛔ Suspended: write to us in the bot'],
  ] as const)('of an access that is %j says so in place of servers', async (state, text) => {
    const link = await phone.link(await rows.access([await rows.server()], state));
    expect(await phone.names(link)).toEqual([text]);
    const response = await phone.ask(link, { 'accept-language': 'ru-RU,ru;q=0.9' });
    expect(Buffer.from(response.headers.get('announce')!.slice(7), 'base64').toString()).toMatch(/[а-я]/);
  });

  it('says that servers are being prepared while there are none, and that it is over from the moment it is', async () => {
    const preparing = await phone.link(await rows.access([]));
    expect(await phone.names(preparing)).toEqual(['⏳ Servers are being prepared: update in a minute']);
    const access = await rows.access([await rows.server()], {
      servedUntil: new Date(app.clock.now().getTime() + HOUR_MS / 2),
    });
    const link = await phone.link(access);
    expect(await phone.names(link)).toHaveLength(1);
    app.clock.advance(HOUR_MS / 2 + 1);
    expect(await phone.names(link)).toEqual(['⌛ Expired: renew it in the bot']);
  });

  it('answers 404 to what is made up, to what was replaced, and to a person who was erased', async () => {
    const access = await rows.access([await rows.server()]);
    const link = await phone.link(access);
    await phone.names(link);
    const { link: next } = await app.gateway.call(
      RotateMyLink,
      { params: { accessId: access.id }, body: {}, idempotencyKey: randomUUID() },
      of(access),
    );
    expect(next).not.toBe(link);
    const answers = async (url: string) => {
      const response = await phone.ask(url);
      return [response.status, await response.text(), response.headers.get('cache-control')];
    };
    await eventually(async () => expect((await phone.ask(link)).status).toBe(404));
    const madeUp = link.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'));
    const wrong = [404, 'Not found\n', 'no-store'];
    expect(await Promise.all([link, madeUp, `${link}x`, 'https://x/s/', 'https://x/s/..%2f'].map(answers))).toEqual(
      Array(5).fill(wrong),
    );
    expect(await phone.names(next)).toHaveLength(1);
    await app.service.db.query('DELETE FROM accesses WHERE id = $1', [access.id]);
    await eventually(async () => expect((await phone.ask(next)).status).toBe(404));
  });

  it('asks the database nothing about a wrong one', async () => {
    const loads = jest.spyOn(app.service.nest.get(LinkSnapshots, { strict: false }), 'load');
    for (let i = 0; i < 20; i += 1)
      expect((await phone.ask(`https://x/s/${randomBytes(21).toString('base64url')}`)).status).toBe(404);
    expect(loads).not.toHaveBeenCalled();
    loads.mockRestore();
  });

  it('goes on for a while after it was replaced, where that is wished, and is replaced some times a day at most', async () => {
    const access = await rows.access([await rows.server()]);
    const link = await phone.link(access);
    const rotate = (overlapHours: number) =>
      app.gateway.call(
        RotateMyLink,
        { params: { accessId: access.id }, body: { overlapHours }, idempotencyKey: randomUUID() },
        of(access),
      );
    const { link: second } = await rotate(2);
    expect([await phone.names(link), await phone.names(second)]).toEqual([
      await phone.names(link),
      await phone.names(link),
    ]);
    app.clock.advance(2 * HOUR_MS);
    expect((await phone.ask(link)).status).toBe(404);
    await phone.names(second);
    for (let i = 0; i < 4; i += 1) await rotate(0);
    await expect(rotate(0)).rejects.toMatchObject({ problem: { code: 'vpn-provisioner.too_many_rotations' } });
    app.clock.advance(24 * HOUR_MS);
    await rotate(0);
    const stranger = await rows.access([]);
    await expect(
      app.gateway.call(
        RotateMyLink,
        { params: { accessId: access.id }, body: {}, idempotencyKey: randomUUID() },
        of(stranger),
      ),
    ).rejects.toMatchObject({ problem: { code: 'vpn-provisioner.access_not_found' } });
  });

  it('is nothing that somebody could read in the database', async () => {
    const link = await phone.link(await rows.access([]));
    const token = link.split('/').at(-1)!;
    const rowsOf = await app.service.db.query<object[]>('SELECT * FROM links');
    expect(JSON.stringify(rowsOf)).not.toContain(token);
    expect(JSON.stringify(rowsOf)).not.toContain(token.slice(0, 22));
  });

  describe('and devices', () => {
    let server: Server;
    beforeAll(async () => {
      server = await rows.server({ name: 'A' });
    });

    it('are let in up to the limit, and noted with what they say of themselves', async () => {
      const access = await rows.access([server], { deviceLimit: 2 });
      const link = await phone.link(access);
      expect(await phone.names(link, HWID)).toEqual(['🇩🇪 A']);
      expect(await phone.names(link, { ...HWID, 'x-hwid': 'another-phone-1' })).toEqual(['🇩🇪 A']);
      const third = await phone.ask(link, { 'user-agent': 'clash-verge/2.4' });
      expect(third.headers.get('x-hwid-max-devices-reached')).toBe('true');
      expect(parse(await third.text())).toMatchObject({
        proxies: [{ name: '🚫 Too many devices: remove one in the bot' }],
      });
      expect(await phone.names(link, HWID)).toEqual(['🇩🇪 A']);
      // A browser is none.
      expect((await phone.ask(link, { accept: 'text/html', 'user-agent': 'Mozilla/5.0' })).status).toBe(200);
      const { data, limit, resetsLeft } = await app.gateway.call(
        ListMyDevices,
        { params: { accessId: access.id } },
        of(access),
      );
      expect([data.map(({ name }) => name), limit, resetsLeft]).toEqual([
        ['Pixel 9, Android 16', 'Pixel 9, Android 16'],
        2,
        3,
      ]);
      await app.probe.until(DeviceRefused, ({ data: said }) => said.accessId === access.id);
    });

    it('that race for the last place: one gets it, and it is told once a day', async () => {
      const access = await rows.access([server], { deviceLimit: 1 });
      const link = await phone.link(access);
      const all = await Promise.all(
        Array.from({ length: 8 }, (_, i) => phone.names(link, { 'x-hwid': `racing-phone-${i}` })),
      );
      expect(all.filter(([name]) => name === '🇩🇪 A')).toHaveLength(1);
      const said = () => app.probe.all(DeviceRefused).filter(({ data }) => data.accessId === access.id);
      await eventually(() => expect(said()).toHaveLength(1));
      app.clock.advance(24 * HOUR_MS);
      await phone.names(link, { 'x-hwid': 'racing-phone-11' });
      await eventually(() => expect(said()).toHaveLength(2));
    });

    it('that were forgotten make room at once, one or all, so often a month', async () => {
      const access = await rows.access([server], { deviceLimit: 1 });
      const link = await phone.link(access);
      await phone.names(link, HWID);
      const other = { 'x-hwid': 'another-phone-2' };
      expect(await phone.names(link, other)).toEqual(['🚫 Too many devices: remove one in the bot']);
      const params = { accessId: access.id };
      const { data } = await app.gateway.call(ListMyDevices, { params }, of(access));
      await app.gateway.call(ForgetMyDevice, { params: { ...params, deviceId: data[0]!.deviceId } }, of(access));
      await eventually(async () => expect(await phone.names(link, other)).toEqual(['🇩🇪 A']));
      const reset = () => app.gateway.call(ResetMyDevices, { params, idempotencyKey: randomUUID() }, of(access));
      for (const phoneName of ['third-phone', 'fourth-phone', 'fifth-phone']) {
        expect(await reset()).toEqual({ forgotten: 1 });
        await eventually(async () => expect(await phone.names(link, { 'x-hwid': phoneName })).toEqual(['🇩🇪 A']));
      }
      expect((await app.gateway.call(ListMyDevices, { params }, of(access))).resetsLeft).toBe(0);
      await expect(reset()).rejects.toMatchObject({ problem: { code: 'vpn-provisioner.too_many_resets' } });
      await expect(
        app.gateway.call(ForgetMyDevice, { params: { ...params, deviceId: randomUUID() } }, of(access)),
      ).rejects.toMatchObject({ problem: { code: 'vpn-provisioner.device_not_found' } });
    });

    it('get in when more of them are paid for', async () => {
      const access = await rows.access([server], { deviceLimit: 1 });
      const link = await phone.link(access);
      await phone.names(link, HWID);
      expect(await phone.names(link, { 'x-hwid': 'another-phone-3' })).not.toEqual(['🇩🇪 A']);
      await app.service.db.query(
        'UPDATE accesses SET device_limit = 2, link_version = link_version + 1 WHERE id = $1',
        [access.id],
      );
      await eventually(async () => expect(await phone.names(link, { 'x-hwid': 'another-phone-3' })).toEqual(['🇩🇪 A']));
    });

    it('that were not heard of for a month take no place, and seen ones are noted together', async () => {
      const access = await rows.access([server], {
        deviceLimit: 1,
        servedUntil: new Date('2099-01-01'),
      });
      const link = await phone.link(access);
      await phone.names(link, HWID);
      app.clock.advance(20 * 24 * HOUR_MS);
      await eventually(async () => {
        await phone.names(link, HWID);
        await app.service.nest.get(DeviceSightings, { strict: false }).write();
        const [{ seen_at }] = await app.service.db.query('SELECT seen_at FROM devices WHERE access_id = $1', [
          access.id,
        ]);
        expect(seen_at).toEqual(app.clock.now());
      });
      app.clock.advance(20 * 24 * HOUR_MS);
      expect(await phone.names(link, { 'x-hwid': 'another-phone-4' })).toEqual([
        '🚫 Too many devices: remove one in the bot',
      ]);
      app.clock.advance(11 * 24 * HOUR_MS);
      await eventually(async () => expect(await phone.names(link, { 'x-hwid': 'another-phone-4' })).toEqual(['🇩🇪 A']));
    });
  });

  it('is limited for each address and each network', async () => {
    const limited = await startApp(vpn, {
      env: { ...env, VPN_PROVISIONER_LINK_REQUESTS_PER_MINUTE: '3', VPN_PROVISIONER_NETWORK_REQUESTS_PER_MINUTE: '30' },
    });
    try {
      const own = new Rows(limited);
      const access = await own.access([await own.server()]);
      const links = limited.service.nest.get(LinksService, { strict: false });
      const link = await limited.service.db.transaction((tx) => links.addressOf(tx, access));
      const status = async (url: string, from: string) =>
        (await phone.ask(url, { 'x-forwarded-for': from }, {}, limited)).status;
      const statuses = [];
      for (let i = 0; i < 4; i += 1) statuses.push(await status(link, `203.0.113.${i}`));
      expect(statuses).toEqual([200, 200, 200, 429]);
      const guesses = [];
      for (let i = 0; i < 4; i += 1) guesses.push(await status('https://x/s/guess', '2001:db8:1:2::77'));
      expect(guesses).toEqual([404, 404, 404, 429]);
      expect(await status('https://x/s/guess', '2001:db8:1:2:ffff::1')).toBe(429);
      expect(await status('https://x/s/guess', '2001:db8:1:3::1')).toBe(404);
      limited.clock.advance(60_000);
      expect(await status(link, '203.0.113.1')).toBe(200);
    } finally {
      await limited.stop();
    }
  });

  it('counts a sender by where it comes from, whatever it says of itself, unless it is a proxy of ours', async () => {
    const limited = await startApp(vpn, {
      env: {
        ...env,
        ...{ VPN_PROVISIONER_NETWORK_REQUESTS_PER_MINUTE: '30', VPN_PROVISIONER_TRUSTED_PROXIES: '192.0.2.0/24' },
      },
    });
    try {
      const statuses = [];
      for (let i = 0; i < 4; i += 1) {
        const from = { 'x-forwarded-for': `203.0.113.${i}, 192.0.2.1` };
        statuses.push((await phone.ask('https://x/s/guess', from, {}, limited)).status);
      }
      expect(statuses).toEqual([404, 404, 404, 429]);
    } finally {
      await limited.stop();
    }
  });
});

const redisUrl = process.env['TEST_REDIS_URL'];
const redisMissing = process.env['REDIS_MISSING'];
const ofRedis = redisMissing && process.env['CI'] !== 'true' ? it.skip : it;

describe('two replicas', () => {
  ofRedis('have one limit for each network, and each its own while Redis is away', async () => {
    if (!redisUrl) throw new Error(redisMissing ?? 'TEST_REDIS_URL is not set: run specs with `npm test -- <path>`');
    const redis = await TcpProxy.to(redisUrl);
    const shared = {
      ...{ ...env, REDIS_URL: redis.url, VPN_PROVISIONER_NETWORK_REQUESTS_PER_MINUTE: '30' },
    };
    const first = await startApp(vpn, { env: shared });
    const { keys, clock, database } = first;
    const second = await startApp(vpn, { env: shared, keys, clock, database });
    const phone = new Phone(
      () => first,
      () => new Rows(first),
    );
    const guess = async (app: TestApp, from: string) =>
      (await phone.ask('https://x/s/guess', { 'x-forwarded-for': from }, {}, app)).status;
    try {
      for (let i = 0; i < 3; i += 1) expect(await guess(first, '203.0.113.7')).toBe(404);
      // That it was asked by another process is known a moment after the first of them.
      expect(await guess(second, '203.0.113.7')).toBe(404);
      const { networks } = second.service.nest.get(SharedLimits, { strict: false });
      const mayAsk = () => networks.pay('203.0.113.7', 0, clock.now().getTime());
      await until(() => !mayAsk(), { what: 'what others have counted' });
      expect(await guess(second, '203.0.113.7')).toBe(429);
      expect(await guess(second, '203.0.113.8')).toBe(404);
      redis.cut();
      clock.advance(60_000);
      for (const app of [first, second]) {
        for (let i = 0; i < 3; i += 1) expect(await guess(app, '203.0.113.9')).toBe(404);
        expect(await guess(app, '203.0.113.9')).toBe(429);
      }
    } finally {
      await second.stop({ keepDatabase: true });
      await first.stop();
      await redis.close();
    }
  });

  ofRedis('count by themselves and stop at once while Redis is reached and does not answer', async () => {
    const redis = await TcpProxy.to(redisUrl!);
    const app = await startApp(vpn, { env: { ...env, REDIS_URL: redis.url } });
    const phone = new Phone(
      () => app,
      () => new Rows(app),
    );
    const guess = () => phone.ask('https://x/s/guess', { 'x-forwarded-for': '203.0.113.7' }, {}, app);
    const { networks } = app.service.nest.get(SharedLimits, { strict: false });
    const [known, givenBack] = [jest.spyOn(networks, 'know'), jest.spyOn(networks, 'giveBack')];
    try {
      await guess();
      await until(() => known.mock.calls.length > 0, { what: 'what Redis counts' });
      redis.blackhole();
      await guess();
      await until(() => givenBack.mock.calls.length > 0, { what: 'that it is missed', timeoutMs: 4000 });
    } finally {
      const before = performance.now();
      await app.stop();
      expect(performance.now() - before).toBeLessThan(3000);
      await redis.close();
    }
  });

  it('answer with the servers of now within two seconds, and without the database with those of before', async () => {
    const first = await startApp(vpn, { env });
    const proxy = await TcpProxy.to(first.database.url);
    const second = await startApp(vpn, {
      ...{ env, keys: first.keys, clock: first.clock, database: { ...first.database, url: proxy.url } },
    });
    const rows = new Rows(first);
    const phone = new Phone(
      () => first,
      () => rows,
    );
    try {
      const [a, b] = [await rows.server({ name: 'A' }), await rows.server({ name: 'B' })];
      const access = await rows.access([a], { deviceLimit: 5 });
      const link = await phone.link(access);
      for (const app of [first, second]) expect(await phone.names(link, {}, app)).toEqual(['🇩🇪 A']);

      await first.service.db.transaction(async (tx) => {
        await tx.query(`UPDATE access_keys SET state = 'leaving' WHERE access_id = $1`, [access.id]);
        await tx.query('UPDATE accesses SET link_version = link_version + 1 WHERE id = $1', [access.id]);
      });
      await rows.key(access, b);
      const moved = performance.now();
      await eventually(async () => {
        for (const app of [first, second]) expect(await phone.names(link, {}, app)).toEqual(['🇩🇪 B']);
      });
      expect(performance.now() - moved).toBeLessThan(2000);

      await first.service.db.query(`UPDATE servers SET name = 'C' WHERE id = $1`, [b.id]);
      await eventually(async () => expect(await phone.names(link, {}, second)).toEqual(['🇩🇪 C']));

      proxy.cut();
      await first.service.db.query(`UPDATE servers SET name = 'D' WHERE id = $1`, [b.id]);
      expect(await phone.names(link, {}, second)).toEqual(['🇩🇪 C']);
      // One that is not known here pays all the same.
      expect(await phone.names(link, { 'x-hwid': 'new-phone-1' }, second)).toEqual(['🇩🇪 C']);
      const other = await phone.link(await rows.access([b]));
      expect((await phone.ask(other, {}, {}, second)).status).toBe(503);
      expect((await phone.ask('https://x/s/guess', {}, {}, second)).status).toBe(404);
      proxy.restore();
      await eventually(async () => expect(await phone.names(link, {}, second)).toEqual(['🇩🇪 D']));
    } finally {
      await second.stop({ keepDatabase: true });
      await proxy.close();
      await first.stop();
    }
  });
});
