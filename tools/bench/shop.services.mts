import { Outbox } from '@switchboard/bus';
import { SubscriptionExpiring } from '@switchboard/contracts';
import { startApps } from '@switchboard/service-kit';
import { BOT } from '../local/shop.mts';
import { definedServices } from '../services.mts';
import { control, stopWhenAsked } from './shop.control.mts';

// What sells, what serves and what tells people, in one process; `POST /notices/<n>` at CONTROL_PORT tells those of so many ends whom the
// bot knows, one after the other.
const SERVICES = ['payments', 'vpn-provisioner', 'bot-adapter'];
const DAY_MS = 86_400_000;

const { services, stop } = await startApps(await definedServices(SERVICES), process.env);
const [payments, botAdapter] = ['payments', 'bot-adapter'].map((wanted) =>
  services.find(({ name }) => name === wanted)!,
);
const outbox = payments!.nest.get(Outbox, { strict: false });

control(async (count) => {
  const people = await botAdapter!.db.query<{ userId: string }[]>(
    `SELECT user_id AS "userId" FROM chats WHERE bot_id = $1 AND kind = 'private'`,
    [BOT],
  );
  // One by one, each committed by itself, as the job that tells of ends does it.
  for (let told = 0; told < Number(count); told++)
    await payments!.db.transaction((tx) =>
      outbox.add(tx, SubscriptionExpiring(anEnd(people[told % people.length]!.userId))),
    );
});
stopWhenAsked(stop);

/** Of a subscription of which nobody else knows anything. */
function anEnd(userId: string) {
  const [now, then] = [new Date().toISOString(), new Date(Date.now() + DAY_MS).toISOString()];
  return {
    ...{ subscriptionId: crypto.randomUUID(), revision: 1, userId, botId: BOT },
    ...{ planId: crypto.randomUUID(), level: 'plus', status: 'active' as const, autoRenew: false, features: {} },
    ...{ startedAt: now, periodStart: now, validUntil: then, servedUntil: then, daysLeft: 1 },
  };
}
