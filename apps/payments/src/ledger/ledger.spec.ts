import fc from 'fast-check';
import { v7 as uuidv7 } from 'uuid';
import { TestShop } from '../../test/build';
import { LedgerPartitions } from './ledger-partitions';
import { type Account, BalanceTooLow, LedgerService, PERSONAL_ACCOUNTS } from './ledger.service';

let shop: TestShop;
let ledger: LedgerService;
beforeAll(async () => {
  shop = await TestShop.start();
  ledger = shop.app.service.nest.get(LedgerService, { strict: false });
});
afterAll(() => shop.app.stop());

const book = (key: string, userId: string, from: Account, to: Account, amountMinor: number) =>
  shop.app.service.db.transaction((tx) =>
    ledger.book(tx, {
      ...{ key, reason: 'payment', currency: 'RUB', userId },
      transfers: [{ from, to, amountMinor }],
    }),
  );
const balance = (userId: string) => ledger.balance(shop.app.service.db.manager, userId, 'customer', 'RUB');

it('what happened is booked once, by however many at the same time', async () => {
  const userId = uuidv7();
  const booked = await Promise.all(
    Array.from({ length: 20 }, () => book(`paid:${userId}`, userId, 'provider:pretended', 'customer', 100)),
  );
  expect(booked.filter(Boolean)).toHaveLength(1);
  expect(await balance(userId)).toBe(100);
});

it('of those who race for the last of a balance one gets it, and it never falls below zero', async () => {
  const userId = uuidv7();
  await book(`paid:${userId}`, userId, 'provider:pretended', 'customer', 100);
  const spent = await Promise.allSettled(
    Array.from({ length: 10 }, (_, i) => book(`order:${userId}:${i}`, userId, 'customer', 'sales:shop', 60)),
  );
  expect(spent.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  for (const one of spent) if (one.status === 'rejected') expect(one.reason).toBeInstanceOf(BalanceTooLow);
  expect(await balance(userId)).toBe(40);
  expect(await shop.ledgerFaults()).toEqual([]);
});

it('nothing that is booked can be changed or deleted, nor with an amount that is no positive integer', async () => {
  const userId = uuidv7();
  await book(`paid:${userId}`, userId, 'provider:pretended', 'customer', 100);
  const { db } = shop.app.service;
  await expect(db.query('UPDATE ledger_entries SET amount_minor = 1')).rejects.toThrow();
  await expect(db.query('DELETE FROM ledger_entries')).rejects.toThrow();
  await expect(book(uuidv7(), userId, 'provider:pretended', 'customer', 0.5)).rejects.toThrow('positive integer');
  await expect(book(uuidv7(), userId, 'customer', 'sales:shop', -5)).rejects.toThrow('positive integer');
});

it('whatever is booked, all accounts sum up to zero and each balance is what its entries say', async () => {
  const people = [uuidv7(), uuidv7(), uuidv7()];
  const account = fc.constantFrom<Account>(...PERSONAL_ACCOUNTS, 'provider:pretended', 'sales:shop', 'rewards:shop');
  const booking = fc
    .record({
      ...{ person: fc.constantFrom(...people), from: account, to: account },
      ...{ amountMinor: fc.integer({ min: 0, max: 1_000_000_000_000 }), key: fc.integer({ min: 0, max: 60 }) },
    })
    .filter(({ from, to }) => from !== to);
  const run = uuidv7();
  await fc.assert(
    fc.asyncProperty(fc.array(booking, { maxLength: 12 }), async (bookings) => {
      await Promise.all(
        bookings.map(({ person, from, to, amountMinor, key }) =>
          book(`${run}:${key}`, person, from, to, amountMinor).catch((error: unknown) =>
            expect(error).toBeInstanceOf(BalanceTooLow),
          ),
        ),
      );
      expect(await shop.ledgerFaults()).toEqual([]);
    }),
    { numRuns: 20 },
  );
});

it('there is a partition for each month to come, also when the clock has gone on for years', async () => {
  shop.app.clock.advance(400 * 86_400_000);
  await shop.app.service.nest.get(LedgerPartitions, { strict: false }).makeAhead();
  const userId = uuidv7();
  await book(`paid:${userId}`, userId, 'provider:pretended', 'customer', 100);
  expect(await balance(userId)).toBe(100);
});
