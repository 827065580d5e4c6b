import { ListStockMoves, NoticeSendRequested, StockChanged } from '@switchboard/contracts';
import { BOT } from '../../test/build';
import { TestStore } from '../../test/store';

let store: TestStore;
beforeAll(async () => {
  store = await TestStore.start();
});
afterEach(async () => expect(await store.faults()).toEqual([]));
afterAll(() => store.shop.app.stop());

const changedOf = (variantId: string) =>
  store.shop.app.probe.all(StockChanged).filter(({ data }) => data.variantId === variantId);

it('pieces are booked in and out and counted, and each move is kept', async () => {
  const id = await store.thing(0, { sku: 'BOOK-1' });
  expect(await store.stock(id, 'received', 5)).toMatchObject({ sku: 'BOOK-1', onHand: 5, available: 5 });
  await store.stock(id, 'corrected', -2);
  expect(await store.stock(id, 'counted', 7)).toMatchObject({ onHand: 7 });
  await expect(store.stock(id, 'corrected', -8)).rejects.toMatchObject({ problem: { code: 'payments.stock_too_low' } });
  const { data } = await store.shop.app.gateway.call(ListStockMoves, { params: { variantId: id }, query: {} });
  expect(data.map(({ kind, quantity }) => [kind, quantity])).toEqual([
    ['counted', 4],
    ['corrected', -2],
    ['received', 5],
  ]);
  const { db } = store.shop.app.service;
  await expect(db.query(`DELETE FROM stock_moves WHERE variant_id = $1`, [id])).rejects.toThrow('neither changed');
});

it.each([-1, 1.5, 1e9])('%s pieces are not received', async (quantity) => {
  const id = await store.thing(0);
  await expect(store.stock(id, 'received', quantity)).rejects.toMatchObject({ status: 422 });
});

it('what is not counted has no number', async () => {
  const id = await store.thing(0, { tracked: false });
  const booked = store.stock(id, 'received', 1);
  await expect(booked).rejects.toMatchObject({ problem: { code: 'payments.stock_not_tracked' } });
  const ann = store.shop.person();
  await store.bought(ann, { [id]: 3 });
  expect(await store.numbers(id)).toEqual([0, 0]);
});

it('of the last piece, and of few that are left, others are told once', async () => {
  const id = await store.thing(5, { sku: 'FEW-1', warnBelow: 3 });
  await store.bought(store.shop.person(), { [id]: 3 });
  await store.bought(store.shop.person(), { [id]: 2 });
  await store.shop.app.probe.until(StockChanged, ({ data }) => data.variantId === id && data.available === 0);
  expect(changedOf(id).map(({ data: { was, available, low } }) => [was, available, low])).toEqual([
    [0, 5, false],
    [5, 2, true],
    [2, 0, true],
  ]);
  const told = store.shop.app.probe.all(NoticeSendRequested).filter(({ data }) => data.texts.en.includes('FEW-1'));
  expect(told).toHaveLength(1);
});

it('a number that no move explains is found', async () => {
  const id = await store.thing(2, { sku: 'ODD-1' });
  const { db } = store.shop.app.service;
  await db.query(`UPDATE variants SET on_hand = on_hand + 1 WHERE id = $1`, [id]);
  await store.shop.runs('check-stock');
  const about = ({ data }: { data: { texts: { en: string } } }) => data.texts.en.includes(`ODD-1 (${BOT})`);
  await store.shop.app.probe.until(NoticeSendRequested, about);
  await db.query(`UPDATE variants SET on_hand = on_hand - 1 WHERE id = $1`, [id]);
});
