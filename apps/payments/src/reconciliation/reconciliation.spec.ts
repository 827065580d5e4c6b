import {
  ListReconciliations,
  ReadReconciliation,
  ReconciliationFailed,
  RunReconciliation,
} from '@switchboard/contracts';
import { until } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { BOT, DAY_MS, TestShop } from '../../test/build';
import { books, pay } from '../../test/pretended.provider';

let shop: TestShop;
let planId: string;
beforeAll(async () => {
  shop = await TestShop.start();
  planId = await shop.plan();
});
afterAll(() => shop.app.stop());

const today = () => shop.app.clock.now().toISOString().slice(0, 10);

async function reconciled(state: string) {
  const day = today();
  const body = { botId: BOT, provider: 'pretended', day };
  await shop.app.gateway.call(RunReconciliation, { body, idempotencyKey: uuidv7() });
  const found = await until(
    async () => {
      const { data } = await shop.app.gateway.call(ListReconciliations, { query: { botId: BOT, state: [state] } });
      return data.find((one) => one.day === day);
    },
    { what: `books that are ${state}` },
  );
  return shop.app.gateway.call(ReadReconciliation, { params: { reconciliationId: found.id } });
}

it('books that fit are told as such, with their sums', async () => {
  await shop.buy(shop.person(), { wanted: { kind: 'plan', planId } });
  const report = await reconciled('fits');
  expect(report).toMatchObject({ thereMinor: { RUB: 19900 }, hereMinor: { RUB: 19900 }, findings: [] });
});

it('what was paid and never told of is found, told to staff, and served', async () => {
  const ann = shop.person();
  const order = await shop.place(ann, { wanted: { kind: 'plan', planId } });
  pay(await shop.page(ann, order.id), 19900);
  const report = await reconciled('differs');
  expect(report.findings).toMatchObject([{ kind: 'missing', externalId: `ext-${order.id}:1`, thereMinor: 19900 }]);
  const { data } = await shop.app.probe.until(ReconciliationFailed);
  expect(data).toMatchObject({ missing: 1, unconfirmed: 0, different: 0, unknownOrders: 0 });
  await shop.settled(ann, order.id);
  await reconciled('fits');
});

it('what the provider does not know, or knows with another amount, is told', async () => {
  const [ann, ben] = [shop.person(), shop.person()];
  const one = await shop.buy(ann, { wanted: { kind: 'plan', planId } });
  const other = await shop.buy(ben, { wanted: { kind: 'plan', planId } });
  books.delete(`ext-${one.id}:1`);
  const changed = books.get(`ext-${other.id}:1`)!;
  const money = { amountMinor: 5, currency: 'RUB' };
  books.set(changed.externalId, { ...changed, takings: [{ ...changed.takings[0]!, money }] });
  const report = await reconciled('differs');
  expect(report.findings.map(({ kind, hereMinor, thereMinor }) => [kind, hereMinor, thereMinor])).toEqual([
    ['different', 19900, 5],
    ['unconfirmed', 19900, null],
  ]);
});

it('what was taken for an order that is not here is found, and nothing of another program', async () => {
  await shop.later(DAY_MS);
  const orderId = uuidv7();
  const taking = {
    money: { amountMinor: 700, currency: 'RUB' },
    at: shop.app.clock.now(),
    feeMinor: 0,
    refundedMinor: 0,
  };
  const paid = { state: 'paid', isTest: false } as const;
  books.set('lost', { ...paid, externalId: 'lost', key: `${orderId}:1`, takings: [{ ...taking, id: 't-lost' }] });
  books.set('theirs', { ...paid, externalId: 'theirs', key: 'order 7', takings: [{ ...taking, id: 't-theirs' }] });
  const report = await reconciled('differs');
  expect(report).toMatchObject({ unknownOrders: 1, missing: 0, unconfirmed: 0 });
  expect(report.findings).toMatchObject([{ kind: 'unknown-order', externalId: 'lost', orderId, thereMinor: 700 }]);
  const { data } = await shop.app.probe.until(ReconciliationFailed, (event) => event.data.day === today());
  expect(data.unknownOrders).toBe(1);
  const text = await (await fetch(`${shop.app.url}/metrics`)).text();
  expect(text).toMatch(/^payments_reconciliation_unknown_orders\{[^}]*provider="pretended"[^}]*\} 1$/m);
});

it('what was booked days after it was taken fits', async () => {
  const ann = shop.person();
  const order = await shop.place(ann, { wanted: { kind: 'plan', planId } });
  const externalId = await shop.page(ann, order.id);
  pay(externalId, 19900);
  await shop.later(4 * DAY_MS);
  await shop.notify(externalId);
  await shop.settled(ann, order.id);
  expect(await reconciled('fits')).toMatchObject({ hereMinor: { RUB: 19900 }, findings: [] });
});

it('is done each night for the days before, and for those that were left out, of every bot and provider', async () => {
  const days = async () => {
    const { data } = await shop.app.gateway.call(ListReconciliations, { query: { botId: BOT } });
    return data.map(({ day }) => day).sort();
  };
  const first = Date.parse((await days())[0]!);
  await shop.later(5 * DAY_MS);
  await shop.runs('reconcile-payments');
  const now = Date.parse(today());
  const all = Array.from({ length: (now - first) / DAY_MS }, (_, n) =>
    new Date(first + n * DAY_MS).toISOString().slice(0, 10),
  );
  await until(async () => (await days()).length === all.length, { what: 'all days' });
  expect(await days()).toEqual(all);
});
