import { until } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { hear, startBotAdapter } from '../../test/start-bot-adapter';
import { startTelegram } from '../../test/start-sandbox';
import { BotLeaderElection } from './bot-leader-election';

it('of two processes one polls; when it ends the other goes on', async () => {
  const telegram = await startTelegram();
  const first = await startBotAdapter(telegram);
  const second = await startBotAdapter(telegram, { database: first.database });
  const emma = await telegram.person();
  // The first one's outbox relay leads as well, so the event is said on its bus.
  await hear(first, emma, 'to the first');
  expect((await telegram.calls('getUpdates')).filter(({ status }) => status === 409)).toEqual([]);
  await first.stop({ keepDatabase: true });
  await hear(second, emma, 'to the second');
  expect((await telegram.calls('getUpdates')).filter(({ status }) => status === 409)).toEqual([]);
  await second.stop();
  await telegram.close();
});

it('a process that vanished without a word leads no longer than its lease', async () => {
  const telegram = await startTelegram();
  const app = await startBotAdapter(telegram);
  const leaders = app.service.nest.get(BotLeaderElection, { strict: false });
  await until(() => leaders.has('lumen') && leaders.has('northwind'), { what: 'the lead' });
  const taken = `UPDATE bot_leaders SET holder = $1, expires_at = now() + interval '3 s' WHERE bot_id = 'lumen'`;
  await app.service.db.query(taken, [uuidv7()]);
  await until(() => !leaders.has('lumen'), { what: 'the end of a lead that somebody else has' });
  expect(leaders.has('northwind')).toBe(true);
  await until(() => leaders.has('lumen'), { what: 'the lead of somebody who is gone' });
  await hear(app, await telegram.person(), 'heard again');
  await app.stop();
  await telegram.close();
});

it('a process that cannot reach the database leads no longer', async () => {
  const telegram = await startTelegram();
  const app = await startBotAdapter(telegram);
  const leaders = app.service.nest.get(BotLeaderElection, { strict: false });
  await until(() => leaders.has('lumen'), { what: 'the lead' });
  const lock = app.service.db.createQueryRunner();
  await lock.startTransaction();
  // From now on questions about leads are not answered.
  await lock.query('LOCK TABLE bot_leaders IN ACCESS EXCLUSIVE MODE');
  await until(() => !leaders.has('lumen'), { what: 'the end of the lead' });
  await lock.rollbackTransaction();
  await lock.release();
  await until(() => leaders.has('lumen'), { what: 'the lead again' });
  await app.stop();
  await telegram.close();
});
