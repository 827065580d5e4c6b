import { drillMoney } from './run-drill';

/** In short; the builds that are broken on purpose are in money-drill.long.spec.ts, which `npm run verify` runs. */
it('whoever pays is served, once, whatever fails around payments and the VPN', async () => {
  const { code, report, output } = await drillMoney('--seed', '4');
  expect({ output, code }).toEqual({ output, code: 0 });
  const none = { paidNotServed: 0, servedNotPaid: 0, chargedTwice: 0, refundedTwice: 0, extendedTwice: 0 };
  expect(report).toMatchObject({ ...none, ledgerImbalance: 0, orphanKeys: 0, forgedTaken: 0, stuck: 0, crashed: 0 });
  expect(report).toMatchObject({ purchases: 100, ok: true });
  // Without these nothing would have been tried.
  for (const what of ['fulfilled', 'kills', 'faults', 'panelDeaths', 'notifications', 'refunds'])
    expect({ what, count: report[what] }).not.toEqual({ what, count: 0 });
}, 300_000);
