import { z } from 'zod';
import { LocalizedText } from './api.shapes';
import { AmountMinor, Currency } from './money';
import { openWord } from './open-word';
import { CostMicros } from './shapes';

/** `vpn.devices`, `chat.messages-per-day`: the service that asks, a dot, what it asks about. */
export const FeatureName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,30}(\.[a-z][a-z0-9-]{0,40})$/)
  .meta({ id: 'payments.FeatureName', description: 'What may be had, the area first: "vpn.devices".' });

/** How much of a feature: whether at all, a number, or null for as much as one likes. */
export const FeatureValue = z.union([z.boolean(), z.int().min(0), z.null()]);
export type FeatureValue = z.output<typeof FeatureValue>;

export const Features = z
  .record(FeatureName, FeatureValue)
  .meta({ id: 'payments.Features', description: 'What a level brings. True, a number, or null for without limit.' });
export type Features = z.output<typeof Features>;

/** Of traffic, as panels of VPN servers count it. */
export const GIGABYTE = 1024 ** 3;

export const FEATURES = {
  /** Bytes in a period of the plan. */
  vpnTraffic: 'vpn.traffic-bytes',
  vpnDevices: 'vpn.devices',
  /** How many servers at a time. */
  vpnServers: 'vpn.servers',
  /** Bytes within a day beyond which staff are told, whatever the limit of the period is. */
  vpnFairUse: 'vpn.fair-use-bytes-per-day',
  /** US micro-dollars of models a day. */
  chatBudget: 'chat.micros-per-day',
  practicesPerDay: 'wellness.practices-per-day',
} as const;

/** What the use of models costs beyond what a plan has of it. */
export const ByUse = z
  .object({
    freeMicros: CostMicros.describe('Belongs to the plan, from one payment to the next.'),
    prices: z.record(Currency, AmountMinor.min(1)).describe('Of a million micro-dollars beyond that, by currency.'),
  })
  .meta({ id: 'payments.ByUse', description: 'In US micro-dollars that models cost.' });
export type ByUse = z.output<typeof ByUse>;

/** Longer than a month by the calendar, whatever the days of the month are; days are of 24 hours. */
export const PlanPeriod = z
  .object({ count: z.int().min(1).max(1200), unit: z.enum(['day', 'month']) })
  .meta({ id: 'payments.PlanPeriod' });
export type PlanPeriod = z.output<typeof PlanPeriod>;

/** What a plan is called where features are asked for: "plus". */
export const LevelName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,39}$/)
  .meta({ id: 'payments.LevelName' });

/** The link by which a person came, as staff have called it. */
export const CampaignName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/)
  .meta({ id: 'payments.CampaignName' });

/** Where a person wants to be served: a country, and a place in it. */
export const WantedRegion = z
  .string()
  .regex(/^[a-z]{2}(-[a-z0-9]{1,20})?$/)
  .meta({ id: 'payments.WantedRegion' });

/** Decides about access: closed. A new state is a new version of the events. */
export const SubscriptionStatus = z
  .enum(['trial', 'active', 'grace', 'paused', 'expired', 'ended'])
  .meta({ id: 'payments.SubscriptionStatus', description: 'How far a subscription is.' });
export type SubscriptionStatus = z.output<typeof SubscriptionStatus>;

/** In which a person has what they paid for. */
export const SERVED_STATUSES: readonly SubscriptionStatus[] = ['trial', 'active', 'grace'];

export const Price = z.object({ currency: Currency, amountMinor: AmountMinor.min(1) }).meta({ id: 'payments.Price' });

export const CatalogueCode = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,39}$/)
  .describe('As staff call it; of one bot each is there once.');

export const Prices = z
  .record(Currency, AmountMinor.min(1))
  .refine((prices) => Object.keys(prices).length <= 20, { error: 'must have at most 20 currencies' })
  .meta({ id: 'payments.Prices', description: 'By currency, in its smallest parts.' });

export const ReceiptTerms = z
  .object({
    vat: z
      .array(z.object({ from: z.iso.date(), code: z.int().min(1).max(12) }))
      .max(20)
      .describe('By the day of sale the last one that has begun counts.')
      .optional(),
    subject: z.string().max(40).optional(),
  })
  .meta({ id: 'payments.ReceiptTerms', description: 'Of receipts by Russian law.' });

export const PlanNames = z.object({ name: LocalizedText, description: LocalizedText });

/** How a payment is made. */
export const PaymentProviderName = openWord(
  ['yookassa', 'stripe', 'wata', 'telegram-stars', 'cryptobot', 'cloudpayments', 'balance'],
  { id: 'payments.Provider', description: 'By whom a payment is taken; "balance": from what was topped up before.' },
);

export const PaymentMethod = openWord(['card', 'sbp', 'crypto', 'stars', 'wallet', 'balance'], {
  id: 'payments.Method',
  description: 'By what means a payment is made.',
});
