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

const today = () => new Date().toISOString().slice(0, 10);

async function reconciled(state: string) {
  const body = { botId: BOT, provider: 'pretended', day: today() };
  await shop.app.gateway.call(RunReconciliation, { body, idempotencyKey: uuidv7() });
  const found = await until(
    async () => {
      const { data } = await shop.app.gateway.call(ListReconciliations, { query: { botId: BOT, state: [state] } });
      return data[0];
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
  expect(data).toMatchObject({ missing: 1, unconfirmed: 0, different: 0 });
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

it('is done each night for the days before, of every bot and provider', async () => {
  await shop.later(2 * DAY_MS);
  await shop.runs('reconcile-payments');
  await until(
    async () => {
      const { data } = await shop.app.gateway.call(ListReconciliations, { query: { botId: BOT } });
      return data.length === 3;
    },
    { what: 'the last three days' },
  );
});
