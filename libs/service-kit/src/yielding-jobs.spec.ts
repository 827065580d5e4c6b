import { startApp, until } from '@switchboard/testing';
import { Ship, shipping, shopApp } from '../test/shop.app';
import { Jobs } from './jobs';

it('jobs that yield come after all others that are due, also those of queues', async () => {
  const app = await startApp(shopApp, { env: { SHOP_JOB_CONCURRENCY: '1' } });
  const begun: string[] = [];
  shipping.work = (item) => {
    begun.push(item);
    return Promise.resolve();
  };
  const jobs = app.service.nest.get(Jobs);
  await app.service.db.transaction(async (tx) => {
    for (let n = 0; n < 12; n++)
      await jobs.add(tx, Ship, { item: `leaflet ${n}` }, { queue: `van:${n}`, yields: true });
    await jobs.add(tx, Ship, { item: 'letter' }, { queue: 'van:12' });
    await jobs.add(tx, Ship, { item: 'parcel' });
  });
  await until(() => begun.length === 14, { what: 'all to be done' });
  // Four are taken at a time, and among these there is no order.
  expect(begun.slice(0, 4)).toEqual(expect.arrayContaining(['letter', 'parcel']));
  await app.stop();
});
