import type { PaymentsBoardsReadResponse } from '@switchboard/api-client';
import { Grid, Stat, useFormats } from '@switchboard/ui';
import { useSalesTexts } from './sales.texts';

/** The numbers of this month, beside those of the last whole one. */
export function SalesNumbers({
  board: { months, currency },
  href,
  short,
}: {
  board: PaymentsBoardsReadResponse;
  /** Where all of it stands. */
  href?: string;
  /** Only the first of them. */
  short?: boolean;
}) {
  const t = useSalesTexts();
  const formats = useFormats();
  const now = months.at(-1);
  const last = months.at(-2);
  if (!now) return null;
  const money = (amountMinor: number) => formats.money({ amountMinor: Math.round(amountMinor), currency });
  const nameOf = ({ month }: { month: string }) => formats.month(`${month}-01`, 'UTC');
  const whole = last ?? now;
  const sum = (of: (month: (typeof months)[number]) => number) => months.reduce((total, month) => total + of(month), 0);
  const [trials, converted] = [sum((month) => month.trials), sum((month) => month.converted)];
  return (
    <Grid min={170}>
      <Stat
        label={t.revenueNow}
        value={money(now.revenueMinor)}
        about={last ? t.revenueAbout(nameOf(last), money(last.revenueMinor)) : t.soFar(nameOf(now))}
        href={href}
      />
      <Stat
        label={t.mrr}
        value={money(now.mrrMinor)}
        change={last && last.mrrMinor > 0 ? now.mrrMinor / last.mrrMinor - 1 : undefined}
        better="more"
        about={t.mrrAbout}
        href={href}
      />
      <Stat
        label={t.active}
        value={formats.number(now.active)}
        change={last && last.active > 0 ? now.active / last.active - 1 : undefined}
        better="more"
        about={t.activeAbout}
        href={href}
      />
      <Stat
        label={t.churn}
        value={whole.churnPercent === null ? t.unknown : formats.percent(whole.churnPercent / 100)}
        about={t.lastWhole(nameOf(whole))}
        href={href}
      />
      {!short && (
        <>
          <Stat label={t.ltv} value={whole.ltvMinor === null ? t.unknown : money(whole.ltvMinor)} about={t.ltvAbout} />
          <Stat
            label={t.conversion}
            value={trials === 0 ? t.unknown : formats.percent(converted / trials)}
            about={t.conversionAbout(formats.number(converted), formats.number(trials))}
          />
        </>
      )}
    </Grid>
  );
}
