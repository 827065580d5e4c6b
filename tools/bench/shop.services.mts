import { createServer } from 'node:http';
import { Outbox } from '@switchboard/bus';
import { SubscriptionExpiring } from '@switchboard/contracts';
import { startApps } from '@switchboard/service-kit';
import { definedServices } from '../services.mts';

// What sells, what serves and what tells people, in one process; `POST /notices/<n>` at CONTROL_PORT has so many people told of an end.
const SERVICES = ['payments', 'vpn-provisioner', 'bot-adapter'];
const DAY_MS = 86_400_000;

const apps = (await definedServices()).filter(({ name }) => SERVICES.includes(name));
const { services, stop } = await startApps(apps, process.env);
const payments = services.find(({ name }) => name === 'payments')!;
const outbox = payments.nest.get(Outbox, { strict: false });

const control = createServer(async (request, response) => {
  const count = Number(request.url!.split('/').at(-1));
  // One by one, each committed by itself, as the job that tells of ends does it.
  for (let told = 0; told < count; told++)
    await payments.db.transaction((tx) => outbox.add(tx, SubscriptionExpiring(anEnd())));
  response.writeHead(204).end();
});
control.listen(Number(process.env['CONTROL_PORT']), '127.0.0.1');
for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.once(signal, () => void stop().finally(() => process.exit(0)));

/** Of a subscription of which nobody else knows anything. */
function anEnd() {
  const [now, then] = [new Date().toISOString(), new Date(Date.now() + DAY_MS).toISOString()];
  return {
    ...{ subscriptionId: crypto.randomUUID(), revision: 1, userId: crypto.randomUUID(), botId: 'shop' },
    ...{ planId: crypto.randomUUID(), level: 'plus', status: 'active' as const, autoRenew: false, features: {} },
    ...{ startedAt: now, periodStart: now, validUntil: then, servedUntil: then, daysLeft: 1 },
  };
}
