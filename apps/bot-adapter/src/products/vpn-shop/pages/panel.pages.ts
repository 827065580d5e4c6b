import { type Money, ReadSalesOfBot } from '@switchboard/contracts';
import type { AnswerOf } from '@switchboard/service-kit';
import { z } from 'zod';
import { type Asking, type Drawn, lines, page, paragraphs, type Reader, rows, to } from './page';
import { wayLabel } from './shop';

type Board = AnswerOf<typeof ReadSalesOfBot>;

const USUAL_CURRENCY = 'RUB';
const LISTED = 5;

/** In what the bot sells most, unless another currency is asked for. */
async function loadPanel({ botId, callAsService }: Asking, { currency }: { currency?: string | undefined }) {
  const read = (which: string) => callAsService(ReadSalesOfBot, { query: { botId, currency: which, months: 1 } });
  const board = await read(currency ?? USUAL_CURRENCY);
  const [most] = board.currencies;
  return currency !== undefined || most === undefined || most === board.currency ? board : read(most);
}

function drawPanel({ currency, currencies, months, byProvider, byPlan, byCampaign }: Board, reader: Reader): Drawn {
  const { say } = reader;
  const month = months.at(-1);
  const money = (amountMinor: number) => reader.money({ amountMinor, currency } satisfies Money);
  const others = currencies.filter((one) => one !== currency);
  return {
    text: paragraphs(
      say('panel.title'),
      month &&
        lines(
          say('panel.sold', { amount: money(month.revenueMinor), orders: month.orders, buyers: month.buyers }),
          month.refundsMinor !== 0 && say('panel.refunds', { amount: money(Math.abs(month.refundsMinor)) }),
          say('panel.subscriptions', { active: month.active, began: month.began, churned: month.churned }),
          say('panel.trials', { began: month.trials, converted: month.converted }),
          say('panel.mrr', { amount: money(month.mrrMinor) }),
        ),
      lines(...byPlan.slice(0, LISTED).map(({ name, active }) => `• ${reader.name(name)}: ${active}`)),
      lines(
        ...byProvider
          .slice(0, LISTED)
          .map(
            ({ provider, amountMinor }) =>
              `• ${wayLabel({ provider, method: 'other' }, reader)}: ${money(amountMinor)}`,
          ),
      ),
      lines(
        ...byCampaign
          .slice(0, LISTED)
          .map(({ campaign, orders, revenueMinor }) => `• ${campaign}: ${money(revenueMinor)} (${orders})`),
      ),
    ),
    buttons: rows(
      others.map((one) => to(one === 'XTR' ? '⭐ Stars' : one, 'panel', { currency: one })),
      [to(say('refresh'), 'panel', { currency })],
    ),
    forEverybody: true,
  };
}

/** What staff see in their group. */
export const panelPages = {
  panel: page(z.object({ currency: z.string().optional() }), loadPanel, drawPanel),
};
