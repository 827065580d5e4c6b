import { startApp, type TestApp } from '@switchboard/testing';
import { userId } from '../../test/deeds';
import { analyticsApp } from '../analytics.app';
import { ChurnModelsService } from './churn-models.service';
import { ChurnModel } from './churn-model.entity';

const DAYS = 190;
const DAY_MS = 86_400_000;

/** The same numbers each time. Source: mulberry32. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe('the forecast of churn', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp(analyticsApp);
  });
  afterAll(() => app.stop());

  /** People who come on a share of their days, each with their own, until they leave, at a chance of 1.5 % per day. */
  async function live(people: number, shareOf: (person: number) => number): Promise<void> {
    const random = randomFrom(11);
    const today = Math.floor(app.clock.now().getTime() / DAY_MS);
    const rows: { user: string; day: string }[] = [];
    for (let person = 0; person < people; person++) {
      const first = today - DAYS + Math.floor(random() * (DAYS - 20));
      for (let day = first; day < today; day++) {
        if (day > first && random() < 0.015) break;
        if (day === first || random() < shareOf(person))
          rows.push({ user: userId(person), day: new Date(day * DAY_MS).toISOString().slice(0, 10) });
      }
    }
    const [users, days] = [rows.map(({ user }) => user), rows.map(({ day }) => day)];
    await app.service.db.query('DELETE FROM active_people');
    await app.service.db.query('DELETE FROM people');
    await app.service.db.query(
      `INSERT INTO active_people (day, user_id, bot_id, quarters)
       SELECT day, user_id, 'lumen', 1::bit(96) << 40 FROM unnest($1::uuid[], $2::date[]) AS one (user_id, day)`,
      [users, days],
    );
    await app.service.db.query(
      `INSERT INTO people (user_id, bot_id, first_active_at)
       SELECT user_id, 'lumen', min(day)::timestamp AT TIME ZONE 'UTC' FROM active_people GROUP BY user_id`,
    );
  }
  const models = () => app.service.nest.get(ChurnModelsService, { strict: false });
  const latest = async () => {
    const [model] = await app.service.db.manager.find(ChurnModel, { order: { trainedAt: 'DESC' }, take: 1 });
    return model!.card;
  };

  it('is none where there is nobody to learn from', async () => {
    expect(await models().train()).toBe(false);
    expect(await models().forecast(app.service.db.manager)).toBeNull();
  });

  it('is that of the model where people differ: it beats the rule by last activity by 3 % and more', async () => {
    const shares = [0.12, 0.25, 0.5, 0.95];
    await live(2500, (person) => shares[person % shares.length]!);
    expect(await models().train()).toBe(true);
    const card = await latest();
    expect(card.brier).toBeLessThan(card.ruleBrier * 0.97);
    expect(card).toMatchObject({ isBetter: true, drifted: expect.any(Array) as unknown });
    expect(card.auc!).toBeGreaterThan(0.7);
    expect(card.calibrationSlope!).toBeGreaterThan(0.7);
    expect(card.calibrationSlope!).toBeLessThan(1.4);
    expect(card.liftAtTenth!).toBeGreaterThan(1.5);
    // Nothing changes in this world: as many will leave as did.
    expect(Math.abs(card.forecast.value - card.baseRate)).toBeLessThan(0.06);
    const forecast = await models().forecast(app.service.db.manager);
    expect(forecast).toMatchObject({ isBetter: true, horizonDays: 14, people: card.people.test });
    expect(forecast!.share.low).toBeLessThan(forecast!.share.value);
  });

  it('is that of the rule where last activity is all there is to know, and says so', async () => {
    await live(1200, () => 1);
    app.clock.advance(60_000);
    expect(await models().train()).toBe(true);
    expect(await latest()).toMatchObject({ isBetter: false });
    const forecast = await models().forecast(app.service.db.manager);
    expect(forecast).toMatchObject({ isBetter: false });
    expect(forecast!.ruleBrier * 0.97).toBeLessThan(forecast!.brier);
  });
});
