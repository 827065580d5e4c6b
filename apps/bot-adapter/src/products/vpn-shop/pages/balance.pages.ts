import { type Currency, fractionDigitsOf, ReadMyBalance } from '@switchboard/contracts';
import { z } from 'zod';
import { page, rows, to, lines, paragraphs } from './page';
import { readShop } from './shop';

/** In whole units of a currency; Stars and small currencies have larger numbers. */
const AMOUNTS: Readonly<Record<string, readonly number[]>> = {
  RUB: [100, 300, 500, 1000],
  XTR: [100, 250, 500, 1000],
};
const USUAL_AMOUNTS = [2, 5, 10, 20];
const LISTED = 6;

const minorOf = (units: number, currency: Currency) => units * 10 ** fractionDigitsOf(currency);

const nothing = z.object({});

export const balancePages = {
  balance: page(
    nothing,
    async (asking) => {
      const [shop, { balances, data }] = await Promise.all([
        readShop(asking),
        asking.call(ReadMyBalance, { query: { limit: LISTED } }),
      ]);
      return { shop, balances, data };
    },
    ({ shop, balances, data }, reader) => {
      const changes = data.map(({ at, changeMinor, currency, cause }) => {
        const sign = changeMinor < 0 ? '−' : '+';
        const amount = reader.money({ amountMinor: Math.abs(changeMinor), currency });
        return `${reader.day(at)}: ${sign}${amount} ${reader.say([`balance.causes.${cause}`, 'balance.causes.other'])}`;
      });
      const has = balances.map((one) => reader.money(one)).join(', ');
      return {
        text: paragraphs(
          has ? reader.say('balance.has', { amount: has }) : reader.say('balance.empty'),
          reader.say('balance.about'),
          lines(...changes),
        ),
        buttons: rows(
          [shop.payWith.length > 0 && to(reader.say('balance.topUp'), 'top-up')],
          [to(reader.say('home.orders'), 'orders'), to(reader.say('back'), 'home')],
        ),
      };
    },
  ),

  'top-up': page(
    z.object({ currency: z.string().optional() }),
    async (asking, { currency }) => ({ shop: await readShop(asking), chosen: currency }),
    ({ shop, chosen }, reader) => {
      const sold = [...shop.plans, ...shop.packages].flatMap(({ prices }) => prices.map(({ currency }) => currency));
      const taken = shop.payWith.flatMap(({ currencies }) =>
        currencies.length > 0 ? currencies : sold.filter((one) => one !== 'XTR'),
      );
      const offered = [...new Set(taken)].filter((one) => sold.includes(one));
      const currency = chosen ?? (offered.length === 1 ? offered[0] : undefined);
      if (currency === undefined) {
        return {
          text: reader.say(offered.length > 0 ? 'balance.currency' : 'checkout.noWays'),
          buttons: rows(
            offered.map((one) => to(one === 'XTR' ? '⭐ Stars' : one, 'top-up', { currency: one })),
            [to(reader.say('back'), 'balance')],
          ),
        };
      }
      const amounts = (AMOUNTS[currency] ?? USUAL_AMOUNTS).map((units) => minorOf(units, currency));
      const button = (amountMinor: number) =>
        to(reader.money({ amountMinor, currency }), 'checkout', { wanted: { kind: 'top-up', amountMinor }, currency });
      return {
        text: reader.say('balance.howMuch'),
        buttons: rows(
          amounts.slice(0, 2).map(button),
          amounts.slice(2).map(button),
          [{ label: reader.say('balance.other'), action: 'amount', data: { currency } }],
          [to(reader.say('back'), 'balance')],
        ),
      };
    },
  ),
};
