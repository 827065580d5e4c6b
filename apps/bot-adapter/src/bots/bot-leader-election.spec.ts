import { hear, startBotAdapter } from '../../test/start-bot-adapter';
import { startTelegram } from '../../test/start-sandbox';

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
