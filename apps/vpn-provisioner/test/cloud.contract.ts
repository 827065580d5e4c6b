import { until } from '@switchboard/testing';
import { type Cloud, CloudRefused, type CloudServer, type CloudTrouble, CloudUnavailable } from '../src/clouds/cloud';
import { type CloudWorld, startClouds } from './start-clouds';

const SIGNAL = new AbortController().signal;

const failure = (call: Promise<unknown>): Promise<Error> =>
  call.then(
    (answer) => {
      throw new Error(`it was answered with ${JSON.stringify(answer)}`);
    },
    (error: Error) => error,
  );

export async function listed(cloud: Cloud): Promise<CloudServer[]> {
  const servers: CloudServer[] = [];
  for await (const server of cloud.list(SIGNAL)) servers.push(server);
  return servers;
}

/** What every cloud must hold; the spec of each runs all of it, over HTTP. */
export function cloudContract(world: CloudWorld): void {
  let clouds: Awaited<ReturnType<typeof startClouds>>;
  let cloud: Cloud;
  let plan: string;
  let location: string;
  let made = 0;

  beforeAll(async () => {
    clouds = await startClouds(world);
    ({ cloud } = clouds);
    ({ plan, location } = (await cloud.offers(SIGNAL))[0]!);
  });
  beforeEach(() => clouds.reset());
  afterAll(() => clouds.close());

  const aServer = () => ({ name: `sb-server-${++made}`, plan, location, userData: '#cloud-config\n' });

  describe('what can be had', () => {
    it('is told with its place and what it costs a month, to the smallest part of the currency', async () => {
      const offers = await cloud.offers(SIGNAL);
      expect(offers.length).toBeGreaterThan(3);
      for (const { country, city, cores, memoryBytes, monthly } of offers) {
        expect(country).toMatch(/^[a-z]{2}$/);
        expect(city).not.toBe('');
        expect(cores).toBeGreaterThan(0);
        expect(memoryBytes).toBeGreaterThanOrEqual(1e9);
        expect(Number.isInteger(monthly.amountMinor) && monthly.amountMinor > 0).toBe(true);
        expect(monthly.currency).toMatch(/^[A-Z]{3}$/);
      }
      expect(new Set(offers.map((one) => `${one.plan} ${one.location}`)).size).toBe(offers.length);
    });

    it('is not what is sold out', async () => {
      await clouds.byHand.setStock(plan, location, false);
      const offers = await cloud.offers(SIGNAL);
      expect(offers.some((one) => one.plan === plan && one.location === location)).toBe(false);
      expect(await failure(cloud.create(aServer(), SIGNAL))).toMatchObject({
        name: 'CloudRefused',
        reason: 'sold-out',
      });
    });
  });

  describe('a server', () => {
    it('is made as asked, and can be reached soon after', async () => {
      const server = aServer();
      const before = Date.now();
      const seen = await cloud.create(server, SIGNAL);
      expect(seen).toMatchObject({ name: server.name, plan, location, state: 'making' });
      expect(seen.createdAt.getTime()).toBeGreaterThanOrEqual(before - 1000);
      const running = await until(
        async () => {
          const found = await cloud.read(server.name, SIGNAL);
          return found?.state === 'running' && found;
        },
        { what: 'the server' },
      );
      expect(running).toMatchObject({ address: expect.stringMatching(/^\d+\.\d+\.\d+\.\d+$/) });
    });

    it('is one, however often and at once it is asked for', async () => {
      const server = aServer();
      const asked = [cloud, clouds.cloudOf()].flatMap((one) => [1, 2, 3].map(() => one.create(server, SIGNAL)));
      for (const { name } of await Promise.all(asked)) expect(name).toBe(server.name);
      expect(await clouds.byHand.servers()).toHaveLength(1);
    });

    it.each(['500-after-commit', 'reset-after-commit', 'hang-after-commit'])(
      'whose making was not answered (%s) is found again, and not made twice',
      async (kind) => {
        const server = aServer();
        await clouds.misbehave('create', kind, { times: 1 });
        const error = await failure(clouds.cloudOf({ timeoutMs: 300 }).create(server, SIGNAL));
        expect(error).not.toBeInstanceOf(CloudRefused);
        await clouds.behave();
        expect(await cloud.create(server, SIGNAL)).toMatchObject({ name: server.name });
        expect(await clouds.byHand.servers()).toHaveLength(1);
      },
    );

    it('is removed, and removed again', async () => {
      const server = aServer();
      await cloud.create(server, SIGNAL);
      // While it is being made the cloud lets nobody touch it.
      await until(
        async () => {
          await cloud.remove(server.name, SIGNAL).catch((error: unknown) => {
            expect(error).toMatchObject({ trouble: 'busy' });
          });
          return (await cloud.read(server.name, SIGNAL)) === undefined;
        },
        { what: 'the removal' },
      );
      await cloud.remove(server.name, SIGNAL);
      expect(await clouds.byHand.servers()).toEqual([]);
    });

    it('of somebody else is neither told of, nor taken for ours, nor removed', async () => {
      await clouds.byHand.addServers(['theirs']);
      expect(await listed(cloud)).toEqual([]);
      expect(await cloud.read('theirs', SIGNAL)).toBeUndefined();
      expect(await failure(cloud.create({ ...aServer(), name: 'theirs' }, SIGNAL))).toMatchObject({
        reason: 'invalid',
      });
      await cloud.remove('theirs', SIGNAL);
      expect(await clouds.byHand.servers()).toHaveLength(1);
    });

    it('is listed with all others of ours, through the pages', async () => {
      const [one, other] = [aServer(), aServer()];
      await cloud.create(one, SIGNAL);
      await clouds.byHand.addServers(Array.from({ length: 60 }, (_, i) => `theirs-${i}`));
      await cloud.create(other, SIGNAL);
      expect((await listed(cloud)).map(({ name }) => name)).toEqual([one.name, other.name]);
    });

    it('that is one too many is refused for good, in the words of the cloud', async () => {
      await clouds.byHand.setLimit(1);
      await cloud.create(aServer(), SIGNAL);
      const error = await failure(cloud.create(aServer(), SIGNAL));
      expect(error).toMatchObject({ name: 'CloudRefused', reason: 'limit', message: expect.stringMatching(/limit/) });
    });

    it('of a plan that there is not is refused', async () => {
      const error = await failure(cloud.create({ ...aServer(), plan: 'none' }, SIGNAL));
      expect(error).toMatchObject({ name: 'CloudRefused', reason: 'invalid' });
    });
  });

  describe('trouble', () => {
    const html = { status: 200, headers: { 'content-type': 'text/html' }, body: '<!doctype html>' };

    it.each<[string, CloudTrouble, string, object | undefined]>([
      ['a failure', 'failed', '500', undefined],
      ['too much', 'busy', '429', undefined],
      ['a broken connection', 'unreachable', 'reset', undefined],
      ['a page', 'unintelligible', 'answer', html],
      ['a page that is not there', 'unintelligible', 'answer', { ...html, status: 404 }],
      ['a redirection', 'unintelligible', 'answer', { status: 302, headers: { location: '/' }, body: '' }],
    ])('%s is told so, and mended by asking again', async (_, trouble, kind, answer) => {
      await clouds.misbehave('*', kind, answer && { answer: answer as never });
      const server = aServer();
      for (const call of [cloud.create(server, SIGNAL), cloud.offers(SIGNAL), listed(cloud)]) {
        const error = await failure(call);
        expect(error).toBeInstanceOf(CloudUnavailable);
        expect(error).toMatchObject({ trouble });
      }
      await clouds.reset();
      await cloud.create(server, SIGNAL);
    });

    it('of a cloud that is slow ends at the deadline', async () => {
      await clouds.misbehave('*', 'hang');
      expect(await failure(clouds.cloudOf({ timeoutMs: 200 }).offers(SIGNAL))).toMatchObject({
        name: 'UpstreamTimeout',
      });
    });

    it('of a wrong token is told, and no secret is', async () => {
      const secrets = Object.fromEntries(world.definition.secrets.map((name) => [name, 'not-the-secret']));
      const error = await failure(clouds.cloudOf({ secrets }).create(aServer(), SIGNAL));
      expect(error).toMatchObject({ name: 'CloudUnavailable', trouble: 'unauthorized' });
      expect(String(error) + JSON.stringify([error, error.cause])).not.toContain('not-the-secret');
      expect(await clouds.byHand.servers()).toEqual([]);
    });
  });
}
