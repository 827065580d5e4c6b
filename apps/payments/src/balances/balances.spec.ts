import {
  type Actor,
  BalanceChanged,
  CorrectBalance,
  ListBalanceCorrections,
  ReadBalances,
} from '@switchboard/contracts';
import { erasePerson } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { TestShop } from '../../test/build';
import { PretendedGateway } from '../../test/pretended-gateway';

let gateway: PretendedGateway;
let shop: TestShop;
beforeAll(async () => {
  gateway = await PretendedGateway.start();
  shop = await TestShop.start(gateway);
});
beforeEach(() => {
  gateway.verdict = 'passed';
  gateway.demands.length = 0;
});
afterEach(async () => expect(await shop.ledgerFaults()).toEqual([]));
afterAll(async () => {
  await shop.app.stop();
  gateway.stop();
});

const emma: Actor = { kind: 'staff', id: uuidv7(), roles: ['economist'], scopes: ['ledger:read', 'ledger:request'] };
const correct = (userId: string, changeMinor: number, more: { currency?: string; key?: string } = {}) =>
  shop.app.gateway.call(
    CorrectBalance,
    {
      params: { userId },
      body: { changeMinor, currency: more.currency ?? 'RUB', reason: 'paid twice in the shop' },
      idempotencyKey: more.key ?? uuidv7(),
    },
    { actor: emma },
  );

it('staff give and take by a reason, once for each time they ask', async () => {
  const ann = shop.person();
  const key = uuidv7();
  const made = [await correct(ann.id, 5000, { key }), await correct(ann.id, 5000, { key })];
  expect(made[0]).toEqual(made[1]);
  await correct(ann.id, -1500);
  expect(await shop.balanceOf(ann)).toBe(3500);
  const told = await shop.app.probe.until(BalanceChanged, ({ data }) => data.changeMinor === -1500);
  expect(told.data).toMatchObject({ userId: ann.id, cause: 'correction', balanceMinor: 3500 });
  const params = { userId: ann.id };
  const { data } = await shop.app.gateway.call(ListBalanceCorrections, { params, query: {} });
  expect(data).toMatchObject([
    { changeMinor: -1500, reason: 'paid twice in the shop', by: `staff:${emma.id}` },
    { changeMinor: 5000 },
  ]);
  const accounts = await shop.app.gateway.call(ReadBalances, { params });
  expect(accounts.data).toEqual([{ account: 'customer', currency: 'RUB', amountMinor: 3500 }]);
  const [stored] = await shop.app.service.db.query<[{ reason: string }]>(`SELECT reason FROM balance_corrections`);
  expect(stored.reason).not.toContain('twice');
});

it('nobody has less than nothing', async () => {
  const ann = shop.person();
  await correct(ann.id, 100);
  await expect(correct(ann.id, -101)).rejects.toMatchObject({ problem: { code: 'payments.balance_too_low' } });
  expect(await shop.balanceOf(ann)).toBe(100);
});

it.each([
  ['a little', 50_000, 'RUB', []],
  ['much', 50_001, 'RUB', [CorrectBalance.id]],
  ['much that is taken', -50_001, 'RUB', [CorrectBalance.id]],
  ['anything of a currency without a limit', 1, 'JPY', [CorrectBalance.id]],
])('%s needs two where it should', async (_, changeMinor, currency, demanded) => {
  gateway.verdict = 'required';
  const ann = shop.person();
  const asked = correct(ann.id, changeMinor, { currency });
  await (demanded.length === 0 ? asked : expect(asked).rejects.toMatchObject({ status: 423 }));
  expect(gateway.demands).toEqual(demanded);
  const { data } = await shop.app.gateway.call(ReadBalances, { params: { userId: ann.id } });
  expect(data).toHaveLength(demanded.length === 0 ? 1 : 0);
});

it('who is erased leaves amounts and no words', async () => {
  const ann = shop.person();
  await correct(ann.id, 700);
  expect(await erasePerson(shop.app, ann.id)).toEqual([]);
  const { data } = await shop.app.gateway.call(ListBalanceCorrections, { params: { userId: ann.id }, query: {} });
  expect(data).toEqual([]);
});
