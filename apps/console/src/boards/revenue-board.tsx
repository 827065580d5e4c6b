import { analyticsBoardsReadRevenueOptions, type AnalyticsBoardsReadRevenueResponse } from '@switchboard/api-client';
import { BarList, Card, type Column, DataTable, Empty, Grid, LineChart, Stat, useFormats } from '@switchboard/ui';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Coins } from 'lucide-react';
import { BoardFrame, provisionalFrom } from './board-frame';
import type { BoardQuery } from './board-query';
import { useBoardTexts } from './boards.texts';

type ByCurrency = AnalyticsBoardsReadRevenueResponse['byCurrency'][number];

export function RevenueBoard({ query }: { query: BoardQuery }) {
  const t = useBoardTexts();
  const formats = useFormats();
  const answer = useQuery({ ...analyticsBoardsReadRevenueOptions({ query }), placeholderData: keepPreviousData });
  return (
    <BoardFrame answer={answer}>
      {({ total, byCurrency, days, arpuMinor, arppuMinor, payers, conversion, about }) => {
        const { currency } = total;
        const money = (amountMinor: number) => formats.money({ amountMinor: Math.round(amountMinor), currency });
        const known = (amountMinor: number | null) => (amountMinor === null ? t.hidden : money(amountMinor));
        if (byCurrency.length === 0) {
          return (
            <Card flush>
              <Empty icon={<Coins />} title={t.revenue.none}>
                {t.revenue.noneText}
              </Empty>
            </Card>
          );
        }
        return (
          <>
            <Grid min={160}>
              <Stat label={t.revenue.net} value={money(total.netMinor)} trend={days.map(({ netMinor }) => netMinor)} />
              <Stat label={t.revenue.refunds} value={money(total.refundsMinor)} />
              <Stat label={t.revenue.payers} value={payers === null ? t.hidden : formats.number(payers)} />
              <Stat label={t.revenue.arpu} value={known(arpuMinor)} about={t.revenue.arpuAbout} />
              <Stat label={t.revenue.arppu} value={known(arppuMinor)} about={t.revenue.arppuAbout} />
            </Grid>
            <Card title={t.revenue.overTime}>
              <LineChart
                label={t.revenue.overTime}
                labels={days.map(({ day }) => formats.day(day, 'UTC'))}
                titles={days.map(({ day }) => formats.date(day, 'UTC'))}
                provisionalFrom={provisionalFrom(days, about)}
                series={[{ id: 'net', name: t.revenue.net, values: days.map(({ netMinor }) => netMinor) }]}
                format={money}
              />
            </Card>
            <Grid min={380}>
              <Card title={t.revenue.conversion}>
                <BarList
                  label={t.revenue.conversion}
                  format={(share) => formats.percent(share)}
                  rows={conversion.map((one) => ({
                    ...{ id: String(one.days), label: t.revenue.within(one.days), value: one.share ?? 0 },
                    about: one.share === null || one.people === null ? t.hidden : formats.number(one.people),
                  }))}
                />
              </Card>
              <Currencies rows={byCurrency} />
            </Grid>
          </>
        );
      }}
    </BoardFrame>
  );
}

function Currencies({ rows }: { rows: readonly ByCurrency[] }) {
  const t = useBoardTexts();
  const formats = useFormats();
  const columns: Column<ByCurrency>[] = [
    {
      ...{ id: 'currency', title: t.revenue.currency },
      cell: ({ currency, rateKnown }) => (
        <span className="ui-row">
          {currency}
          {!rateKnown && <span className="soft">{t.revenue.noRate}</span>}
        </span>
      ),
    },
    {
      ...{ id: 'payments', title: t.revenue.payments, align: 'end' },
      cell: ({ payments }) => formats.number(payments),
    },
    {
      ...{ id: 'net', title: t.revenue.net, align: 'end', phone: 'state' },
      cell: ({ netMinor, currency }) => formats.money({ amountMinor: netMinor, currency }),
    },
  ];
  return (
    <Card title={t.revenue.byCurrency} flush>
      <DataTable
        label={t.revenue.byCurrency}
        columns={columns}
        rows={rows}
        idOf={({ currency }) => currency}
        nameOf={({ currency }) => currency}
      />
    </Card>
  );
}
