import { type AnalyticsBoardsReadBusinessResponse, analyticsBoardsReadBusinessOptions } from '@switchboard/api-client';
import { Badge, Card, type Column, DataTable, Facts, Grid, Moment, Stat, useFormats } from '@switchboard/ui';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { BoardFrame, NothingYet } from './board-frame';
import type { BoardQuery } from './board-query';
import { useBoardTexts } from './boards.texts';

type Business = AnalyticsBoardsReadBusinessResponse;
type Horizon = Business['lifetimeValue']['horizons'][number];

/** The five numbers a business is led by, with what they are measured against. */
export function BusinessBoard({ query: { zone, botId } }: { query: BoardQuery }) {
  const t = useBoardTexts();
  const formats = useFormats();
  const answer = useQuery({
    ...analyticsBoardsReadBusinessOptions({ query: { zone, botId } }),
    placeholderData: keepPreviousData,
  });
  return (
    <BoardFrame answer={answer}>
      {({ mau, conversion, churn, nps, lifetimeValue }) =>
        [mau.people, conversion.share, churn.share, nps.score].every((known) => !known) && !churn.forecast ? (
          <NothingYet />
        ) : (
          <>
            <Grid min={200}>
              <Stat
                label={t.business.mau}
                value={mau.people === null ? t.hidden : formats.number(mau.people)}
                change={mau.people && mau.previous ? mau.people / mau.previous - 1 : undefined}
                better="more"
                about={t.business.previous}
              />
              <Stat
                label={t.business.conversion}
                value={conversion.share === null ? t.hidden : formats.percent(conversion.share)}
                about={t.business.conversionAbout}
              />
              <Stat
                label={t.business.churn}
                value={
                  churn.share === null ? (
                    t.hidden
                  ) : (
                    <Judged good={churn.share < churn.goal}>{formats.percent(churn.share)}</Judged>
                  )
                }
                about={t.business.goal(formats.percent(churn.goal, 0))}
              />
              <Stat
                label={t.business.nps}
                value={
                  nps.score === null ? (
                    t.hidden
                  ) : (
                    <Judged good={(nps.mean ?? 0) > nps.goal}>{formats.number(Math.round(nps.score))}</Judged>
                  )
                }
                about={
                  nps.mean === null
                    ? t.business.goalAbove(formats.number(nps.goal))
                    : t.business.npsAbout(
                        formats.number(nps.answers ?? 0),
                        formats.number(Math.round(nps.mean * 10) / 10),
                      )
                }
              />
            </Grid>
            <Grid min={380}>
              <Forecast forecast={churn.forecast} />
              <LifetimeValue value={lifetimeValue} />
            </Grid>
          </>
        )
      }
    </BoardFrame>
  );
}

const Judged = ({ good, children }: { good: boolean; children: string }) => (
  <span style={{ color: good ? 'var(--green-11)' : 'var(--red-11)' }}>{children}</span>
);

function Forecast({ forecast }: { forecast: Business['churn']['forecast'] }) {
  const t = useBoardTexts();
  const formats = useFormats();
  if (!forecast) {
    return (
      <Card title={t.business.forecast}>
        <p className="soft">{t.business.noForecast}</p>
      </Card>
    );
  }
  const { share, isBetter, brier, ruleBrier, auc, trainedAt } = forecast;
  const exact = (value: number) => value.toFixed(3);
  return (
    <Card title={t.business.forecast} about={isBetter ? t.business.modelUsed : t.business.ruleUsed}>
      <Stat
        label={t.business.forecastShare}
        value={formats.percent(share.value)}
        about={t.business.forecastAbout(formats.percent(share.low), formats.percent(share.high))}
      />
      <Facts
        facts={[
          [t.business.brier, exact(brier)],
          [t.business.ruleBrier, exact(ruleBrier)],
          [t.business.auc, auc === null ? undefined : exact(auc)],
          [t.business.trained, <Moment key="at" at={trainedAt} />],
        ]}
      />
    </Card>
  );
}

function LifetimeValue({ value: { currency, horizons } }: { value: Business['lifetimeValue'] }) {
  const t = useBoardTexts();
  const formats = useFormats();
  const money = (amountMinor: number) => formats.money({ amountMinor: Math.round(amountMinor), currency });
  const columns: Column<Horizon>[] = [
    { id: 'days', title: t.business.horizon, cell: ({ days }) => t.business.within(days) },
    {
      ...{ id: 'realised', title: t.business.realised, align: 'end' },
      cell: ({ realisedMinor }) => (realisedMinor === null ? <Badge>{t.hidden}</Badge> : money(realisedMinor)),
    },
    {
      ...{ id: 'predicted', title: t.business.predicted, align: 'end', phone: 'state' },
      cell: ({ predictedMinor }) =>
        predictedMinor === null ? null : (
          <span title={t.business.range(money(predictedMinor.low), money(predictedMinor.high))}>
            {money(predictedMinor.value)}
          </span>
        ),
    },
    {
      ...{ id: 'people', title: t.business.people, align: 'end', phone: 'never' },
      cell: ({ people }) => (people === null ? t.hidden : formats.number(people)),
    },
  ];
  return (
    <Card title={t.business.ltv} about={t.business.ltvAbout} flush>
      <DataTable
        label={t.business.ltv}
        columns={columns}
        rows={horizons}
        idOf={({ days }) => String(days)}
        nameOf={({ days }) => t.business.within(days)}
      />
    </Card>
  );
}
