import { drillMoney } from './run-drill';

/** In short; the builds that are broken on purpose are in money-drill.long.spec.ts, which `npm run verify` runs. */
it('whoever pays is served, once, whatever fails around payments and the VPN', async () => {
  const { code, report, output } = await drillMoney('--seed', '4');
  expect({ output, code }).toEqual({ output, code: 0 });
  const none = { paidNotServed: 0, servedNotPaid: 0, chargedTwice: 0, refundedTwice: 0, notRefunded: 0 };
  expect(report).toMatchObject({ ...none, extendedTwice: 0, ledgerImbalance: 0, orphanKeys: 0, forgedTaken: 0 });
  expect(report).toMatchObject({ stuck: 0, crashed: 0, unsettled: 0 });
  expect(report).toMatchObject({ purchases: 100, untried: [], ok: true });
}, 300_000);
