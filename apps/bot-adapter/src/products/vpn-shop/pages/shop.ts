import {
  type Currency,
  FEATURES,
  type Features,
  type MySubscription,
  ReadShop,
  SERVED_STATUSES,
} from '@switchboard/contracts';
import type { AnswerOf } from '@switchboard/service-kit';
import type { z } from 'zod';
import type { Asking, Reader } from './page';

/** What a bot sells to a person, and what they have already. */
export type Shop = AnswerOf<typeof ReadShop>;
export type Subscription = z.output<typeof MySubscription>;

export const readShop = ({ botId, call }: Asking): Promise<Shop> => call(ReadShop, { query: { botId } });

/** For what is not worth failing for. */
export const unlessAway = <Answer>(answer: Promise<Answer>): Promise<Answer | undefined> =>
  answer.catch(() => undefined);

export const isServed = ({ status }: Pick<Subscription, 'status'>): boolean => SERVED_STATUSES.includes(status);

/** Until when, and what then. */
export function statusLine({ status, validUntil, servedUntil }: Subscription, reader: Reader): string {
  const until = status === 'grace' ? servedUntil : validUntil;
  return reader.say(`status.${status}`, { day: reader.day(until), count: reader.daysUntil(until) });
}

/** What is had by something, each on a line. */
export function featureLines(features: Features, reader: Reader): string[] {
  const line = (name: string, key: string, amountOf: (value: number) => string = String): string[] => {
    const value = features[name];
    if (value === undefined || value === false) return [];
    if (typeof value !== 'number') return [reader.say(`features.${key}.unlimited`)];
    return [reader.say(`features.${key}.some`, { count: value, amount: amountOf(value) })];
  };
  return [
    ...line(FEATURES.vpnTraffic, 'traffic', (bytes) => reader.gigabytes(bytes)),
    ...line(FEATURES.vpnDevices, 'devices'),
    ...line(FEATURES.vpnServers, 'servers'),
  ];
}

/** One way to pay. */
export interface Way {
  readonly provider: string;
  readonly method: string;
  readonly currency: Currency;
  /** It can be charged again without asking. */
  readonly renews: boolean;
  readonly saved: readonly { readonly methodId: string; readonly title: string }[];
}

/** Each provider once, in the first of the currencies that it takes and that there is a price in. */
export function waysToPay({ payWith }: Shop, currencies: readonly Currency[]): Way[] {
  return payWith.flatMap(({ provider, methods, currencies: taken, recurring, saved }) => {
    const currency = currencies.find((one) => (taken.length === 0 ? one !== 'XTR' : taken.includes(one)));
    return currency ? [{ provider, method: methods[0] ?? 'other', currency, renews: recurring, saved }] : [];
  });
}

/** As people know it: the provider where it has a name among them, else by what one pays. */
export const wayLabel = ({ provider, method }: Pick<Way, 'provider' | 'method'>, { say }: Reader): string =>
  say([`providers.${provider}`, `methods.${method}`, 'methods.other']);
