import { Schedules, startApps } from '@switchboard/service-kit';
import { BOT } from '../local/shop.mts';
import { until } from '../local/processes.mts';
import { definedServices } from '../services.mts';
import { control, stopWhenAsked } from './shop.control.mts';

// What sells, what serves and what tells people, in one process; `POST /notices/<n>` at CONTROL_PORT lets so many subscriptions of
// people whom the bot knows come to their last day, of which they are told as ever.
const SERVICES = ['payments', 'vpn-provisioner', 'bot-adapter'];
const TOLD_WITHIN_MS = 900_000;
const LOOK_EVERY_MS = 200;
const SLOT_MS = 300_000;

const { services, stop } = await startApps(await definedServices(SERVICES), process.env);
const [payments, botAdapter] = ['payments', 'bot-adapter'].map((wanted) =>
  services.find(({ name }) => name === wanted)!,
);
// Later than any slot that comes meanwhile.
let slot = Date.now() + 1000 * SLOT_MS;

control(async (count) => {
  const { db, nest } = payments!;
  const people = await botAdapter!.db.query<{ userId: string }[]>(
    `SELECT user_id AS "userId" FROM chats WHERE bot_id = $1 AND kind = 'private'`,
    [BOT],
  );
  await db.query(
    `INSERT INTO subscriptions (id, user_id, bot_id, plan_id, status, started_at, period_start, valid_until, served_until, auto_renew,
       told_days_left, revision)
     SELECT gen_random_uuid(), ($1::uuid[])[1 + i % cardinality($1)], $2, (SELECT id FROM plans WHERE bot_id = $2 LIMIT 1), 'active', now() - interval '29 days',
       now() - interval '29 days', now() + interval '20 hours', now() + interval '20 hours', false, 3, 1
     FROM generate_series(1, $3) AS i`,
    [people.map(({ userId }) => userId), BOT, Number(count)],
  );
  const areTold = async () => {
    await nest.get(Schedules).runSlot('tell-of-ends', new Date((slot += SLOT_MS)));
    const untold = `SELECT FROM subscriptions WHERE told_days_left = 3 AND valid_until < now() + interval '1 day' LIMIT 1`;
    return until(async () => (await db.query<unknown[]>(untold)).length === 0, SLOT_MS, LOOK_EVERY_MS);
  };
  if (!(await until(areTold, TOLD_WITHIN_MS, LOOK_EVERY_MS))) throw new Error('not everybody could be told');
});
stopWhenAsked(stop);
