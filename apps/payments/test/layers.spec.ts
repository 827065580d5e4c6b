import { layerProblems } from '@switchboard/testing';
import { join } from 'node:path';

/** The folders of `src`, from the bottom to the top. */
const LAYERS = [
  ...[
    'ledger',
    'catalogue',
    'providers',
    'promo-codes',
    'usage-billing',
    'subscriptions',
    'entitlements',
    'orders',
    'invoices',
  ],
  ...[
    'refunds',
    'terms',
    'goods',
    'stock',
    'goods-imports',
    'delivery',
    'carts',
    'store-orders',
    'documents',
    'referrals',
    'payouts',
    'partners',
    'balances',
    'gifts',
    'segments',
    'campaigns',
    'offers',
    'checkout',
    'guests',
    'notifications',
  ],
  ...['renewals', 'stars', 'mail-notices', 'reconciliation', 'back-office', 'demo'],
];

it('the layers of payments import only what stands below them', () => {
  expect(layerProblems(join(__dirname, '..', 'src'), LAYERS)).toEqual([]);
});
