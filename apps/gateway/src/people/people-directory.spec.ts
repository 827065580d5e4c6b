import { ContactStarted, IdentityLinked, PersonReleased, PersonRestricted } from '@switchboard/contracts';
import { erasePerson, startApp, tablesWith, type TestApp } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { audited } from '../../test/audit';
import { type SignedIn, signInPerson, signInStaff } from '../../test/sign-in';
import { gatewayApp } from '../gateway.app';
import { ConsentsService } from './consents.service';
import { PeopleService } from './people.service';

const DAY_MS = 86_400_000;

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown> & { data: Record<string, unknown>[]; people: Record<string, unknown>[] };
}

describe('people, for staff', () => {
  let app: TestApp;
  let support: SignedIn;

  beforeAll(async () => {
    app = await startApp(gatewayApp);
    support = await signInStaff(app, 'support');
  });
  afterAll(() => app.stop());

  const ask = async (as: SignedIn, method: string, path: string, body?: object, more: object = {}): Promise<Answer> => {
    const response = await fetch(`${app.service.publicUrl}/v1${path}`, {
      method,
      headers: {
        ...as.headers,
        ...(body && { 'content-type': 'application/json' }),
        'idempotency-key': `key-${uuidv7()}`,
        ...more,
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: (text ? JSON.parse(text) : {}) as Answer['body'] };
  };
  /** Somebody who has written to a bot. */
  const met = async (botId = 'lumen', more: object = {}) => {
    const externalId = String(7_000_000_000 + Math.floor(Math.random() * 1e9));
    const draft = ContactStarted({
      ...{ chatId: uuidv7(), botId, channel: 'telegram', userId: uuidv7(), contactId: uuidv7() },
      ...{ externalId, locale: 'ru', ...more },
    });
    await app.probe.say(draft);
    await app.probe.until(IdentityLinked, ({ data }) => data.externalId === draft.data.externalId);
    // So that nobody is known as early as another.
    app.clock.advance(1000);
    return draft.data;
  };
  /** Somebody who has signed in with an account elsewhere. */
  const signedIn = async (label: string, name = 'Анна Ветрова') => {
    const external = { channel: 'google', externalId: uuidv7(), label };
    const people = app.service.nest.get(PeopleService, { strict: false });
    const { userId } = await app.service.db.transaction((tx) => people.signIn(tx, external, { name, locale: 'ru' }));
    app.clock.advance(1000);
    return { userId, ...external };
  };
  const find = async (wanted: object, as = support) =>
    (await ask(as, 'POST', '/people/find', wanted)).body.people.map(({ userId }) => userId);
  const restrict = (userId: string, more: object, as = support) =>
    ask(as, 'POST', `/people/${userId}/restrictions`, { until: null, reason: 'spam', ...more });
  const inDays = (days: number) => new Date(app.clock.now().getTime() + days * DAY_MS).toISOString();

  it('are listed, whoever came last first, page by page and by what they have in common', async () => {
    const ids: string[] = [];
    for (let i = 0; i < 3; i++) ids.unshift((await met('listed')).userId);
    const first = await ask(support, 'GET', '/people?botId=listed&limit=2');
    expect(first.body.data.map(({ userId }) => userId)).toEqual(ids.slice(0, 2));
    const { next } = first.body['page'] as { next: string };
    const second = await ask(support, 'GET', `/people?botId=listed&limit=2&after=${next}`);
    expect(second.body.data.map(({ userId }) => userId)).toEqual(ids.slice(2));
    const { prev } = second.body['page'] as { prev: string };
    const back = await ask(support, 'GET', `/people?botId=listed&limit=2&after=${prev}`);
    expect(back.body.data).toEqual(first.body.data);

    const consents = app.service.nest.get(ConsentsService, { strict: false });
    const consent = { purpose: 'analytics', version: '1', source: 'bot' };
    await app.service.db.transaction((tx) => consents.give(tx, ids[1]!, consent));
    await restrict(ids[2]!, { until: inDays(1) });
    const listed = async (query: string) =>
      (await ask(support, 'GET', `/people?botId=listed&${query}`)).body.data.map(({ userId }) => userId);
    expect(await listed('consent=analytics')).toEqual([ids[1]]);
    expect(await listed('state=restricted')).toEqual([ids[2]]);
    expect(await listed('channel=google')).toEqual([]);
  });

  it('are found by the whole of what they are known by, and by nothing less', async () => {
    const [ann, max] = [await signedIn('Anna.V@mail.example'), await met()];
    expect(await find({ userId: ann.userId })).toEqual([ann.userId]);
    expect(await find({ identity: { channel: 'telegram', externalId: max.externalId } })).toEqual([max.userId]);
    expect(await find({ identity: { channel: 'vk', externalId: max.externalId } })).toEqual([]);
    expect(await find({ email: 'anna.v@MAIL.example' })).toEqual([ann.userId]);
    expect(await find({ label: ' anna.v@mail.example' })).toEqual([ann.userId]);
    expect(await find({ label: 'anna.v' })).toEqual([]);
    const two = await ask(support, 'POST', '/people/find', { userId: ann.userId, label: 'x' });
    expect(two.status).toBe(422);
  });

  it('are masked, and told in full to whoever says why', async () => {
    const { userId, externalId } = await signedIn('anna@mail.example');
    const { body } = await ask(support, 'GET', `/people/${userId}`);
    expect(body).toMatchObject({ userId, name: 'А••• В•••', locale: 'ru', timeZone: 'UTC', channels: ['google'] });
    expect(body['identities']).toMatchObject([{ channel: 'google', label: 'a•••@m•••.e•••' }]);
    expect(JSON.stringify(body)).not.toContain(externalId);
    const reveal = (more: object, as = support) => ask(as, 'GET', `/people/${userId}/revealed`, undefined, more);
    expect(await reveal({})).toMatchObject({ status: 400, body: { code: 'malformed_reason' } });
    const reason = { 'x-reason': encodeURIComponent('Пишет с другого адреса') };
    expect((await reveal(reason)).body).toEqual({
      name: 'Анна Ветрова',
      identities: [expect.objectContaining({ channel: 'google', externalId, label: 'anna@mail.example' })],
    });
    const looked = await app.service.db.query<object[]>(
      `SELECT reason, result, person FROM audit_entries WHERE action = 'gateway.people.reveal' AND result = 'done'`,
    );
    expect(looked).toMatchObject([{ reason: 'Пишет с другого адреса', person: expect.stringMatching(/^person:/) }]);
    const moderator = await signInStaff(app, 'moderator');
    expect((await reveal(reason, moderator)).status).toBe(403);
    expect((await ask(await signInStaff(app, 'analyst'), 'GET', '/people')).status).toBe(403);
  });

  it('are seen by staff of one bot only when they have written to that one', async () => {
    const [hers, other] = [await met('hers'), await met('theirs')];
    const clerk = await signInStaff(app, 'support@hers');
    const seen = (await ask(clerk, 'GET', '/people')).body.data;
    expect(seen).toMatchObject([{ userId: hers.userId, bots: ['hers'] }]);
    expect(await find({ userId: other.userId }, clerk)).toEqual([]);
    for (const path of ['', '/sessions'])
      expect((await ask(clerk, 'GET', `/people/${other.userId}${path}`)).status).toBe(404);
    expect((await ask(clerk, 'DELETE', `/people/${other.userId}/sessions`)).status).toBe(404);
    expect(await restrict(hers.userId, { until: inDays(1) }, clerk)).toMatchObject({ status: 404 });
    expect(await restrict(hers.userId, { until: inDays(1), botId: 'hers' }, clerk)).toMatchObject({ status: 201 });
    expect(await restrict(other.userId, { until: inDays(1), botId: 'hers' }, clerk)).toMatchObject({ status: 404 });
    await restrict(hers.userId, { until: inDays(2), botId: 'theirs' });
    const { body } = await ask(clerk, 'GET', `/people/${hers.userId}`);
    expect(body['restrictions']).toMatchObject([{ botId: 'hers' }]);
  });

  it('that are restricted everywhere are not released by staff of one bot', async () => {
    const { userId } = await met('hers');
    const clerk = await signInStaff(app, 'support@hers');
    const everywhere = await restrict(userId, { until: inDays(1) });
    const lift = (as: SignedIn) =>
      ask(as, 'POST', `/people/${userId}/restrictions/${String(everywhere.body['restrictionId'])}/lift`, {
        reason: 'no more',
      });
    expect((await ask(clerk, 'GET', `/people/${userId}`)).body['restrictions']).toMatchObject([{ botId: null }]);
    expect((await lift(clerk)).status).toBe(403);
    expect(await lift(support)).toMatchObject({ status: 200, body: { isActive: false } });
  });

  it('are signed out in one browser or in all of them', async () => {
    const { userId } = await signedIn('ben@mail.example');
    const [one, two, three] = [
      await signInPerson(app, userId),
      await signInPerson(app, userId),
      await signInPerson(app, userId),
    ];
    const statuses = () => Promise.all([one, two, three].map(async (each) => (await ask(each, 'GET', '/me')).status));
    const { data } = (await ask(support, 'GET', `/people/${userId}/sessions`)).body;
    expect(data).toHaveLength(3);
    expect(JSON.stringify(data)).not.toContain('token');
    const path = `/people/${userId}/sessions`;
    expect((await ask(support, 'DELETE', `${path}/${String(data[0]!['sessionId'])}`)).status).toBe(204);
    expect((await statuses()).filter((status) => status === 200)).toHaveLength(2);
    expect((await ask(support, 'DELETE', path)).status).toBe(204);
    expect(await statuses()).toEqual([401, 401, 401]);
  });

  describe('are restricted', () => {
    it('for a week by support, for a month by moderators, for good by who may', async () => {
      const { userId } = await met();
      const [moderator, admin] = [await signInStaff(app, 'moderator'), await signInStaff(app, 'admin')];
      const beyond = { status: 403, body: { code: 'gateway.restriction_beyond_own' } };
      expect(await restrict(userId, { until: inDays(8) })).toMatchObject(beyond);
      expect(await restrict(userId, {})).toMatchObject(beyond);
      expect((await restrict(userId, { until: inDays(7) })).status).toBe(201);
      expect(await restrict(userId, { until: inDays(31) }, moderator)).toMatchObject(beyond);
      expect((await restrict(userId, { until: inDays(30) }, moderator)).status).toBe(201);
      const forGood = await restrict(userId, {}, admin);
      expect(forGood).toMatchObject({
        status: 201,
        body: { until: null, isActive: true, reason: 'spam', by: { kind: 'staff', id: admin.id } },
      });
      // Nobody takes back, or shortens, what they could not have done.
      expect(await restrict(userId, { until: inDays(1) })).toMatchObject(beyond);
      const lift = (as: SignedIn) =>
        ask(as, 'POST', `/people/${userId}/restrictions/${String(forGood.body['restrictionId'])}/lift`, {
          reason: 'a mistake',
        });
      expect(await lift(moderator)).toMatchObject(beyond);
      expect(await lift(admin)).toMatchObject({ status: 200, body: { isActive: false, liftedBecause: 'a mistake' } });
      expect((await lift(moderator)).status).toBe(200);
      const { restrictions, isRestricted } = (await ask(support, 'GET', `/people/${userId}`)).body;
      expect([restrictions, isRestricted]).toEqual([[expect.anything(), expect.anything(), expect.anything()], false]);
      expect(await restrict(userId, { until: inDays(-1) })).toMatchObject({
        status: 422,
        body: { code: 'gateway.restriction_over' },
      });
    });

    it('once however often that is asked with one key, and others are told', async () => {
      const { userId } = await met();
      const key = { 'idempotency-key': `key-${uuidv7()}` };
      const wanted = { until: inDays(3), reason: 'Оскорбляет других', botId: 'lumen' };
      const path = `/people/${userId}/restrictions`;
      const [first, second] = [
        await ask(support, 'POST', path, wanted, key),
        await ask(support, 'POST', path, wanted, key),
      ];
      expect(second.body).toEqual(first.body);
      const said = await app.probe.until(PersonRestricted, ({ data }) => data.userId === userId);
      expect(said.data).toMatchObject({ botId: 'lumen', until: wanted.until });
      expect(app.probe.all(PersonRestricted).filter(({ data }) => data.userId === userId)).toHaveLength(1);
      await ask(support, 'POST', `${path}/${String(first.body['restrictionId'])}/lift`, { reason: 'said sorry' });
      await app.probe.until(PersonReleased, ({ data }) => data.userId === userId);
      expect(await audited(app, { resource: String(first.body['restrictionId']) })).toEqual([
        'gateway.restrictions.impose done',
        'gateway.restrictions.lift done',
      ]);
      expect(await tablesWith(app, 'Оскорбляет')).toEqual([]);
    });

    it('and are erased with all that was said of it', async () => {
      const { userId } = await met();
      await restrict(userId, { until: inDays(3) });
      expect(await erasePerson(app, userId)).toEqual([]);
      expect(await restrict(userId, { until: inDays(3) })).toMatchObject({
        status: 404,
        body: { code: 'gateway.user_not_found' },
      });
    });
  });
});
