import type { PaymentsBoardsReadResponse } from '@switchboard/api-client';
import {
  BarList,
  ButtonLink,
  Card,
  type Column,
  DataTable,
  Empty,
  Filters,
  Grid,
  LineChart,
  Page,
  ProblemState,
  Select,
  SkeletonLines,
  StackedBars,
  useFormats,
  useKitTexts,
  useLanguage,
  wordOf,
} from '@switchboard/ui';
import { useSearch } from '@tanstack/react-router';
import { Coins } from 'lucide-react';
import { Suspense } from 'react';
import { BotFilter } from '../bots/bot-parts';
import { lazyPart } from '../lazy-part';
import { SavedFilters } from '../saved-filters/saved-filters';
import { useSetSearch } from '../search';
import { useStaff } from '../session';
import { useShopWords } from '../shop/shop.texts';
import { useSalesBoard } from './sales.api';
import { SalesNumbers } from './sales-numbers';
import { useSalesTexts } from './sales.texts';

const ShopPageVisits = lazyPart(() => import('./shop-page-visits'), 'ShopPageVisits');

type Board = PaymentsBoardsReadResponse;

const spans = [6, 12, 24, 36] as const;
const DEFAULT_SPAN = 12;

export function SalesPage() {
  const t = useSalesTexts();
  const kit = useKitTexts();
  const set = useSetSearch();
  const staff = useStaff();
  const search = useSearch({ from: '/console/sales' });
  const months = spans.find((span) => String(span) === search.months) ?? DEFAULT_SPAN;
  const { data, error, refetch } = useSalesBoard({ botId: search.bot, currency: search.currency, months });
  const currencies = data ? [...new Set([...data.currencies, data.currency])] : [];
  return (
    <Page title={t.title} about={t.about}>
      <Filters set={[search.bot, search.currency, search.months].filter(Boolean).length} end={<SavedFilters />}>
        <BotFilter value={search.bot} onChange={(bot) => set({ bot, currency: undefined })} />
        <Select
          label={t.currency}
          hideLabel
          value={data?.currency ?? null}
          onChange={(currency) => set({ currency })}
          choices={currencies.map((id) => ({ id, label: id === 'XTR' ? 'Telegram Stars' : id }))}
        />
        <Select
          label={t.months}
          hideLabel
          value={String(months)}
          onChange={(id) => set({ months: id === String(DEFAULT_SPAN) ? undefined : id })}
          choices={spans.map((span) => ({ id: String(span), label: t.lastMonths(span) }))}
        />
      </Filters>
      {data ? (
        <Shown board={data} />
      ) : error ? (
        <ProblemState error={error} retry={() => void refetch()} />
      ) : (
        <Card>
          <SkeletonLines lines={8} label={kit.loading} />
        </Card>
      )}
      {staff.can('analytics:read') && (
        <Suspense>
          <ShopPageVisits botId={search.bot} />
        </Suspense>
      )}
    </Page>
  );
}

function Shown({ board }: { board: Board }) {
  const t = useSalesTexts();
  const staff = useStaff();
  if (board.currencies.length === 0) {
    return (
      <Card flush>
        <Empty
          icon={<Coins />}
          title={t.none}
          action={staff.can('catalogue:read') && <ButtonLink href="/console/catalogue">{t.toCatalogue}</ButtonLink>}
        >
          {t.noneText}
        </Empty>
      </Card>
    );
  }
  if (board.months.every(({ orders, active, trials }) => orders + active + trials === 0)) {
    return (
      <Card flush>
        <Empty icon={<Coins />} title={t.noneIn(board.currency)}>
          {t.noneInText}
        </Empty>
      </Card>
    );
  }
  return (
    <>
      <SalesNumbers board={board} />
      <Charts board={board} />
      <Parts board={board} />
    </>
  );
}

function Charts({ board: { months, currency } }: { board: Board }) {
  const t = useSalesTexts();
  const formats = useFormats();
  const money = (amountMinor: number) => formats.money({ amountMinor: Math.round(amountMinor), currency });
  const short = (amountMinor: number) => formats.compactMoney({ amountMinor, currency });
  const axis = {
    labels: months.map(({ month }) => formats.monthName(`${month}-01`, 'UTC')),
    titles: months.map(({ month }) => formats.month(`${month}-01`, 'UTC')),
  };
  // The month that has not ended.
  const provisionalFrom = months.length - 1;
  return (
    <>
      <Card title={t.byMonth} about={t.byMonthAbout}>
        <StackedBars
          {...axis}
          label={t.byMonth}
          series={[
            { id: 'revenue', name: t.revenue, values: months.map(({ revenueMinor }) => revenueMinor) },
            { id: 'refunds', name: t.refunds, values: months.map(({ refundsMinor }) => -refundsMinor), color: 4 },
          ]}
          format={short}
          formatExact={money}
        />
      </Card>
      <Grid min={380}>
        <Card title={t.mrrByMonth}>
          <LineChart
            {...axis}
            label={t.mrrByMonth}
            provisionalFrom={provisionalFrom}
            series={[{ id: 'mrr', name: t.mrr, values: months.map(({ mrrMinor }) => mrrMinor) }]}
            format={short}
            formatExact={money}
          />
        </Card>
        <Card title={t.subscriptions}>
          <LineChart
            {...axis}
            label={t.subscriptions}
            provisionalFrom={provisionalFrom}
            series={[
              { id: 'active', name: t.active, values: months.map(({ active }) => active) },
              { id: 'began', name: t.began, values: months.map(({ began }) => began), color: 2 },
              { id: 'churned', name: t.churned, values: months.map(({ churned }) => churned), color: 4 },
            ]}
            format={formats.compact}
            formatExact={formats.number}
          />
        </Card>
      </Grid>
      <Card title={t.rates}>
        <LineChart
          {...axis}
          label={t.rates}
          height={180}
          provisionalFrom={provisionalFrom}
          series={[
            {
              ...{ id: 'churn', name: t.churn, color: 4 },
              values: months.map(({ churnPercent }) => churnPercent && churnPercent / 100),
            },
            {
              ...{ id: 'conversion', name: t.conversion, color: 2 },
              values: months.map(({ trials, converted }) => (trials > 0 ? converted / trials : null)),
            },
          ]}
          format={(part) => formats.percent(part)}
        />
      </Card>
    </>
  );
}

type Campaign = Board['byCampaign'][number];

function Parts({ board: { currency, byProvider, byPlan, byCampaign } }: { board: Board }) {
  const t = useSalesTexts();
  const words = useShopWords();
  const formats = useFormats();
  const { language } = useLanguage();
  const money = (amountMinor: number) => formats.money({ amountMinor, currency });
  const columns: Column<Campaign>[] = [
    { id: 'campaign', title: t.campaign, cell: ({ campaign }) => campaign },
    { id: 'orders', title: t.orders, width: '160px', align: 'end', cell: ({ orders }) => formats.number(orders) },
    {
      ...{ id: 'revenue', title: t.revenue, width: '200px', align: 'end', phone: 'state' },
      cell: ({ revenueMinor }) => money(revenueMinor),
    },
  ];
  return (
    <>
      <Grid min={380}>
        <Card title={t.provider}>
          <BarList
            label={t.provider}
            format={money}
            shares
            rows={byProvider.map(({ provider, amountMinor, payments }) => ({
              ...{ id: provider, label: wordOf(words.providers, provider), value: amountMinor },
              about: t.payments(payments),
            }))}
          />
        </Card>
        <Card title={t.plans} about={t.plansAbout}>
          <BarList
            label={t.plans}
            format={formats.number}
            rows={byPlan.map(({ planId, name, active }) => ({ id: planId, label: name[language], value: active }))}
          />
        </Card>
      </Grid>
      <Card title={t.campaigns} about={t.campaignsAbout} flush>
        <DataTable
          label={t.campaigns}
          columns={columns}
          rows={byCampaign}
          idOf={({ campaign }) => campaign}
          nameOf={({ campaign }) => campaign}
          empty={<p className="ui-list-none">{t.noCampaigns}</p>}
        />
      </Card>
    </>
  );
}
