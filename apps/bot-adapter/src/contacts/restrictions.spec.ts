import { MessageReceived, PersonReleased, PersonRestricted } from '@switchboard/contracts';
import { erasePerson, type TestApp, until } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { hear, metric, startBotAdapter } from '../../test/start-bot-adapter';
import { LUMEN, NORTHWIND, type Phone, type PretendedTelegram, startTelegram } from '../../test/start-sandbox';

describe('somebody who is not listened to', () => {
  let telegram: PretendedTelegram;
  let app: TestApp;
  beforeAll(async () => {
    telegram = await startTelegram();
    app = await startBotAdapter(telegram);
  });
  afterAll(async () => {
    await app.stop();
    await telegram.close();
  });

  const HOUR_MS = 3_600_000;
  const inAnHour = () => new Date(app.clock.now().getTime() + HOUR_MS).toISOString();
  const rows = (userId: string) =>
    app.service.db.query<unknown[]>('SELECT FROM restricted_people WHERE user_id = $1', [userId]);
  const restrict = async (userId: string, more: { botId?: string; until?: string } = {}) => {
    const restrictionId = uuidv7();
    const before = (await rows(userId)).length;
    await app.probe.say(
      PersonRestricted({ restrictionId, userId, restrictedAt: app.clock.now().toISOString(), ...more }),
    );
    await until(async () => (await rows(userId)).length > before, { what: 'the restriction' });
    return restrictionId;
  };
  const release = async (userId: string, restrictionId: string) => {
    const releasedAt = app.clock.now().toISOString();
    await app.probe.say(PersonReleased({ restrictionId, userId, releasedAt }));
    await until(async () => (await rows(userId)).length === 0, { what: 'the release' });
  };
  const met = async (language: 'en' | 'ru' = 'en') => {
    const phone = await telegram.person(language, LUMEN.username);
    const { data } = await hear(app, phone, 'hello');
    return { phone, userId: data.userId };
  };
  const turnedAway = () => metric(app, 'updates_total', 'kind="restricted"');
  const isTurnedAway = async (phone: Phone, text: string) => {
    const before = await turnedAway();
    await phone.say(text);
    await until(async () => (await turnedAway()) > before, { what: 'the message to be turned away' });
    expect(app.probe.all(MessageReceived).filter(({ data }) => data.text === text)).toEqual([]);
  };
  const answers = async (phone: Phone, words: RegExp) =>
    (await phone.answers()).filter(({ text }) => words.test(text ?? ''));

  it('is told so once an hour, until the time is over', async () => {
    const { phone, userId } = await met();
    await restrict(userId, { until: inAnHour() });
    await isTurnedAway(phone, 'do you hear me?');
    await phone.answer(({ text }) => /^I do not read what you write until .* UTC\./.test(text ?? ''));
    await isTurnedAway(phone, 'and now?');
    app.clock.advance(HOUR_MS + 1);
    await hear(app, phone, 'at last');
    expect(await answers(phone, /I do not read/)).toHaveLength(1);
  });

  it('reads it in their language, and what is kept about them as ever', async () => {
    const { phone, userId } = await met('ru');
    await restrict(userId);
    await isTurnedAway(phone, 'вы меня слышите?');
    await phone.answer(({ text }) => /^Я больше не читаю ваших сообщений\./.test(text ?? ''));
    await phone.say('/privacy');
    await phone.answer(({ text }) => /Что о вас хранится/i.test(text ?? ''));
  });

  it('is heard again when that is lifted, and only the restriction that holds is', async () => {
    const { phone, userId } = await met();
    const first = await restrict(userId);
    await app.probe.say(
      PersonRestricted({ restrictionId: uuidv7(), userId, restrictedAt: app.clock.now().toISOString() }),
    );
    await app.probe.say(PersonReleased({ restrictionId: first, userId, releasedAt: app.clock.now().toISOString() }));
    await isTurnedAway(phone, 'is it over?');
    const [row] = await app.service.db.query<{ id: string }[]>(
      'SELECT restriction_id AS id FROM restricted_people WHERE user_id = $1',
      [userId],
    );
    await release(userId, row!.id);
    await hear(app, phone, 'thank you');
  });

  it('in one bot is heard in the others', async () => {
    const { phone, userId } = await met();
    await restrict(userId, { botId: 'lumen' });
    await isTurnedAway(phone, 'nobody there?');
    const elsewhere = await hear(app, telegram.other(phone, NORTHWIND.username), 'but here');
    expect(elsewhere.data.userId).toBe(userId);
  });

  it('is forgotten with all the rest of them, and what comes late of them is not kept', async () => {
    const { userId } = await met();
    const restrictionId = await restrict(userId);
    expect(await erasePerson(app, userId)).toEqual([]);
    await app.probe.say(PersonRestricted({ restrictionId, userId, restrictedAt: app.clock.now().toISOString() }));
    const { userId: other } = await met();
    await restrict(other);
    expect(await rows(userId)).toEqual([]);
  });
});
