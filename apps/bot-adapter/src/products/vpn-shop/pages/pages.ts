import { balancePages } from './balance.pages';
import { checkoutPages } from './checkout.pages';
import { connectionPages } from './connection.pages';
import { giftPages } from './gift.pages';
import { homePages } from './home.pages';
import { orderPages } from './order.pages';
import type { Page } from './page';
import { panelPages } from './panel.pages';
import { referralPages } from './referral.pages';
import { subscriptionPages } from './subscription.pages';

/** Everything that the shop shows, by the names that buttons know. */
export const PAGES = {
  ...homePages,
  ...checkoutPages,
  ...orderPages,
  ...subscriptionPages,
  ...connectionPages,
  ...balancePages,
  ...giftPages,
  ...referralPages,
  ...panelPages,
} as const satisfies Readonly<Record<string, Page>>;
export type PageName = keyof typeof PAGES;

/** What people see also before they have joined the channel that their bot asks for: help, and what is about their money. */
export const OPEN_TO_ALL: ReadonlySet<PageName> = new Set([
  ...([
    'help',
    'paysupport',
    'terms',
    'orders',
    'order',
    'ways',
    'pay-order',
    'cancel-order',
    'balance',
    'panel',
  ] as const),
]);

/** What is shown in the group of the staff, and nowhere else. */
export const FOR_STAFF: ReadonlySet<PageName> = new Set(['panel' as const]);

export const isPage = (name: string): name is PageName => Object.hasOwn(PAGES, name);
