import { MessageReceived } from '@switchboard/contracts';
import { MEDIA_STORAGE, type MediaStorage } from '@switchboard/service-kit';
import { until } from '@switchboard/testing';
import { reply, startBotAdapter } from '../../test/start-bot-adapter';
import { startTelegram } from '../../test/start-sandbox';
import { RetentionJobs } from './retention.jobs';

it('what passed through is forgotten after the days that /privacy tells, the person is not', async () => {
  const telegram = await startTelegram();
  const app = await startBotAdapter(telegram);
  const emma = await telegram.person();
  await emma.start();
  await emma.sendFile('document', Buffer.from('the plan'), { name: 'plan.txt' });
  const heard = await app.probe.until(MessageReceived, ({ data }) => Boolean(data.media));
  await fetch(`${app.url}/media/${heard.data.media!.mediaId}`, { headers: await app.as('chat-ai') });
  await reply(app, heard, 'a fine plan', { suggestions: ['Another plan'] });
  await emma.answer(({ text }) => text === 'a fine plan');
  await emma.say('/voice');
  await emma.answer(({ text }) => /by voice/.test(text ?? ''));

  const tables = ['inbound_updates', 'inbound_messages', 'media', 'deliveries', 'buttons'];
  const rows = async () => {
    const counts = tables.map(
      (table) => app.service.db.query(`SELECT count(*)::int AS n FROM ${table}`) as Promise<{ n: number }[]>,
    );
    return (await Promise.all(counts)).map(([row]) => row!.n);
  };
  const retention = app.service.nest.get(RetentionJobs, { strict: false });
  await until(async () => (await rows()).every((n) => n > 0), { what: 'rows in every table' });
  await retention.forgetOld();
  expect((await rows()).every((n) => n > 0)).toBe(true);
  app.clock.advance(31 * 86_400_000);
  await retention.forgetOld();
  expect(await rows()).toEqual(tables.map(() => 0));
  expect(await app.service.db.query('SELECT user_id FROM contacts')).toHaveLength(1);
  await app.stop();
  await telegram.close();
});

it('a file that cannot be deleted keeps nothing else from being forgotten, and is tried again', async () => {
  const telegram = await startTelegram();
  const app = await startBotAdapter(telegram);
  const emma = await telegram.person();
  await emma.start();
  await emma.sendFile('document', Buffer.from('the plan'), { name: 'plan.txt' });
  const heard = await app.probe.until(MessageReceived, ({ data }) => Boolean(data.media));
  const { mediaId } = heard.data.media!;
  await fetch(`${app.url}/media/${mediaId}`, { headers: await app.as('chat-ai') });
  const storage = app.service.nest.get<MediaStorage>(MEDIA_STORAGE, { strict: false });
  const stuck = jest.spyOn(storage, 'delete').mockRejectedValueOnce(new Error('the disk is read-only'));
  app.clock.advance(31 * 86_400_000);
  await app.service.nest.get(RetentionJobs, { strict: false }).forgetOld();
  for (const table of ['media', 'inbound_messages', 'inbound_updates'])
    expect(await app.service.db.query(`SELECT FROM ${table}`)).toEqual([]);
  await until(async () => !(await storage.open(`received/${mediaId}`)), { what: 'the end of the file' });
  expect(stuck.mock.calls.length).toBeGreaterThan(1);
  await app.stop();
  await telegram.close();
});
