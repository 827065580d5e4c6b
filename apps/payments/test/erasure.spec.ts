import { ContactStarted, StartTrial } from '@switchboard/contracts';
import { erasePerson, tablesWith } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { BOT, TestShop } from './build';

let shop: TestShop;
beforeAll(async () => {
  shop = await TestShop.start();
});
afterAll(() => shop.app.stop());

it('an erased person is named nowhere, is charged no more, and the ledger keeps its amounts', async () => {
  const planId = await shop.plan({ trialDays: 7 });
  const ann = shop.person();
  const known = { channel: 'telegram', externalId: '471100815', userId: ann.id };
  const chat = { chatId: uuidv7(), contactId: uuidv7(), botId: BOT, locale: 'en' } as const;
  await shop.app.probe.say(ContactStarted({ ...known, ...chat }));
  await shop.app.gateway.call(StartTrial, { body: { botId: BOT }, idempotencyKey: uuidv7() }, { actor: ann });
  const wanted = { kind: 'plan', planId, autoRenew: true } as const;
  await shop.buy(ann, { wanted, saves: 'card-of-ann', email: 'ann@example.com' });
  expect(await erasePerson(shop.app, ann.id)).toEqual([]);
  for (const planted of ['471100815', 'ann@example.com', 'card-of-ann'])
    expect(await tablesWith(shop.app, planted)).toEqual([]);
  const { db } = shop.app.service;
  expect(await db.query(`SELECT status, auto_renew, renew_at FROM subscriptions`)).toEqual([
    { status: 'ended', auto_renew: false, renew_at: null },
  ]);
  expect(await shop.ledgerFaults()).toEqual([]);
  expect((await db.query<unknown[]>(`SELECT FROM ledger_entries`)).length).toBe(2);
});
