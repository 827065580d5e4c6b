import {
  type Actor,
  ChangeMe,
  ConsentGiven,
  ConsentWithdrawn,
  ContactStarted,
  GiveConsent,
  IdentityLinked,
  IdentityUnlinked,
  ListMyConsents,
  ListMyIdentities,
  ReadMe,
  UnlinkMyIdentity,
  UserRegistered,
  WithdrawConsent,
} from '@switchboard/contracts';
import { erasePerson, startApp, tablesWith, type TestApp } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { gatewayApp } from '../gateway.app';
import { PeopleService } from './people.service';

describe('people', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startApp(gatewayApp);
  });
  afterAll(() => app.stop());

  const contact = (more: object = {}) =>
    ContactStarted({
      chatId: uuidv7(),
      botId: 'lumen',
      channel: 'telegram',
      userId: uuidv7(),
      contactId: uuidv7(),
      externalId: uuidv7(),
      locale: 'ru',
      ...more,
    });
  /** Somebody who has written to a bot. */
  const met = async (more?: object) => {
    const draft = contact(more);
    await app.probe.say(draft);
    await app.probe.until(IdentityLinked, ({ data }) => data.externalId === draft.data.externalId);
    return draft.data;
  };
  /** Somebody who has signed in with an account elsewhere. */
  const signedIn = (channel = 'google', externalId = uuidv7()) =>
    app.service.db.transaction((tx) =>
      people().signIn(tx, { channel, externalId, label: 'ann@mail.example' }, { name: 'Анна Ветрова', locale: 'ru' }),
    );
  const people = () => app.service.nest.get(PeopleService, { strict: false });
  const as = (id: string): { actor: Actor } => ({ actor: { kind: 'person', id, roles: [], scopes: ['me:*'] } });
  const me = (id: string) => app.gateway.call(ReadMe, {}, as(id));
  const change = (id: string, body: object, revision = 1) =>
    app.gateway.call(ChangeMe, { body, ifMatch: `"${revision}"` }, as(id));
  const identitiesOf = async (id: string) => (await app.gateway.call(ListMyIdentities, {}, as(id))).data;
  const consentsOf = async (id: string) => (await app.gateway.call(ListMyConsents, {}, as(id))).data;

  it('who write to a bot for the first time are registered, once, however often that is said', async () => {
    const draft = contact();
    const event = await app.probe.say(draft);
    const { userId } = draft.data;
    const { data } = await app.probe.until(UserRegistered, (registered) => registered.data.userId === userId);
    expect(data).toMatchObject({ channel: 'telegram', locale: 'ru', registeredAt: app.clock.now().toISOString() });
    await app.probe.sayAgain(event);
    await met({ userId, externalId: draft.data.externalId, botId: 'northwind', contactId: uuidv7() });
    expect(app.probe.all(UserRegistered).filter((registered) => registered.data.userId === userId)).toHaveLength(1);
    expect(await identitiesOf(userId)).toMatchObject([{ channel: 'telegram', inBot: true }]);
  });

  it('see and change who they are, with their words encrypted', async () => {
    const { userId } = await signedIn();
    expect(await me(userId)).toMatchObject({
      userId,
      name: 'Анна Ветрова',
      locale: 'ru',
      timeZone: 'UTC',
      revision: 1,
    });
    const changed = await change(userId, { name: 'Аня Снегирёва', timeZone: 'Asia/Kolkata' });
    expect(changed).toMatchObject({ name: 'Аня Снегирёва', locale: 'ru', timeZone: 'Asia/Kolkata', revision: 2 });
    expect(await me(userId)).toEqual(changed);
    expect(await tablesWith(app, 'Снегирёва')).toEqual([]);
    expect(await tablesWith(app, 'ann@mail.example')).toEqual([]);
    expect((await change(userId, { name: null }, 2)).name).toBeNull();
  });

  it('who have not seen the last change may not change it', async () => {
    const { userId } = await signedIn();
    await change(userId, { locale: 'en' });
    await expect(change(userId, { locale: 'ru' })).rejects.toMatchObject({ status: 412 });
  });

  it.each(['Mars/Olympus', '+03:00', 'UTC+3', 'GMT; DROP TABLE users', ''])(
    'have no time zone %p',
    async (timeZone) => {
      const { userId } = await signedIn();
      await expect(change(userId, { timeZone })).rejects.toMatchObject({ status: 422 });
    },
  );

  it('see nobody else, and staff have no area of a person', async () => {
    const [ann, bea] = [await signedIn(), await signedIn('yandex')];
    expect(await identitiesOf(ann.userId)).toMatchObject([{ channel: 'google' }]);
    const [ofBea] = await identitiesOf(bea.userId);
    const unlink = app.gateway.call(UnlinkMyIdentity, { params: { identityId: ofBea!.identityId } }, as(ann.userId));
    await expect(unlink).rejects.toMatchObject({ status: 404 });
    await expect(app.gateway.call(ReadMe)).rejects.toMatchObject({
      status: 403,
      problem: { code: 'gateway.persons_only' },
    });
  });

  it('of whom nothing is known are told so', async () => {
    await expect(me(uuidv7())).rejects.toMatchObject({ status: 404, problem: { code: 'gateway.user_not_found' } });
  });

  describe('take away an account by which they sign in', () => {
    const unlink = (userId: string, identityId: string) =>
      app.gateway.call(UnlinkMyIdentity, { params: { identityId } }, as(userId));
    const withTwo = async () => {
      const { userId, externalId } = await met();
      const google = { channel: 'google', externalId: uuidv7() };
      await app.service.db.transaction((tx) => people()['identities'].link(tx, userId, google));
      return { userId, telegram: externalId, google: google.externalId, all: await identitiesOf(userId) };
    };

    it('and others are told, so that it can be somebody else’s', async () => {
      const { userId, google, all } = await withTwo();
      await unlink(userId, all[1]!.identityId);
      const { data } = await app.probe.until(IdentityUnlinked, (event) => event.data.userId === userId);
      expect(data).toMatchObject({ channel: 'google', externalId: google, identityId: all[1]!.identityId });
      expect(await identitiesOf(userId)).toEqual([all[0]]);
      const next = await signedIn('google', google);
      expect(next).toMatchObject({ isNew: true });
    });

    it('but not the one by which they talk to a bot', async () => {
      const { userId, all } = await withTwo();
      const refused = { status: 409, problem: { code: 'gateway.identity_in_use' } };
      await expect(unlink(userId, all[0]!.identityId)).rejects.toMatchObject(refused);
    });

    it('but not the last one, also when two are taken away at once', async () => {
      const { userId } = await signedIn();
      const yandex = { channel: 'yandex', externalId: uuidv7() };
      await app.service.db.transaction((tx) => people()['identities'].link(tx, userId, yandex));
      const all = await identitiesOf(userId);
      const both = await Promise.allSettled(all.map(({ identityId }) => unlink(userId, identityId)));
      expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      expect(await identitiesOf(userId)).toHaveLength(1);
    });
  });

  describe('agree to something', () => {
    const give = (userId: string, version = '2026-11') =>
      app.gateway.call(GiveConsent, { params: { purpose: 'analytics' }, body: { version } }, as(userId));
    const withdraw = (userId: string) =>
      app.gateway.call(WithdrawConsent, { params: { purpose: 'analytics' } }, as(userId));
    const said = (userId: string) =>
      [...app.probe.all(ConsentGiven), ...app.probe.all(ConsentWithdrawn)].filter(({ data }) => data.userId === userId);

    it('once for a version of its text, and no longer from when they say so', async () => {
      const { userId } = await signedIn();
      const given = await give(userId);
      expect(given).toMatchObject({ purpose: 'analytics', version: '2026-11', source: 'web', withdrawnAt: null });
      expect(await give(userId)).toEqual(given);
      app.clock.advance(1000);
      await withdraw(userId);
      await withdraw(userId);
      expect(await consentsOf(userId)).toEqual([{ ...given, withdrawnAt: app.clock.now() }]);
      await app.probe.until(ConsentWithdrawn, ({ data }) => data.userId === userId);
      expect(said(userId).map(({ type }) => type)).toEqual([
        'gateway.consent.given.v1',
        'gateway.consent.withdrawn.v1',
      ]);
    });

    it('and what they agreed to before stands beside the new version', async () => {
      const { userId } = await signedIn();
      await give(userId);
      await give(userId, '2027-01');
      expect((await consentsOf(userId)).map(({ version }) => version)).toEqual(['2027-01', '2026-11']);
      await withdraw(userId);
      expect((await consentsOf(userId)).every(({ withdrawnAt }) => withdrawnAt !== null)).toBe(true);
    });
  });

  describe('who are erased', () => {
    it('leave nothing but a mark that tells nobody from it, and others stay', async () => {
      const [gone, stays] = [await met(), await met()];
      await app.gateway.call(GiveConsent, { params: { purpose: 'terms' }, body: { version: '1' } }, as(gone.userId));
      expect(await erasePerson(app, gone.userId)).toEqual([]);
      const [{ marks }] = await app.service.db.query<[{ marks: string }]>(
        'SELECT count(*) AS marks FROM erased_identities',
      );
      expect(Number(marks)).toBeGreaterThanOrEqual(1);
      expect(await tablesWith(app, gone.externalId)).toEqual([]);
      expect(await me(stays.userId)).toMatchObject({ userId: stays.userId });
    });

    it('are somebody new when they come again, and what comes late of them is not kept', async () => {
      const gone = await met();
      await erasePerson(app, gone.userId);
      await app.probe.say(contact(gone));
      const { userId, isNew } = await signedIn('telegram', gone.externalId);
      expect(isNew).toBe(true);
      expect(userId).not.toBe(gone.userId);
      await expect(me(gone.userId)).rejects.toMatchObject({ status: 404 });
    });
  });
});
