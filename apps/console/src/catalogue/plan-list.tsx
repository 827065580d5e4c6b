import { type PaymentsPlan, paymentsPlansListOptions } from '@switchboard/api-client';
import {
  Badge,
  ButtonLink,
  type Column,
  DataTable,
  Empty,
  Filters,
  Switch,
  useFormats,
  useLanguage,
} from '@switchboard/ui';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { Plus, Tag } from 'lucide-react';
import { useSetSearch } from '../search';
import { useStaff } from '../session';
import { useSums } from '../shop/shop-parts';
import { useShopWords } from '../shop/shop.texts';
import { useCatalogueTexts } from './catalogue.texts';
import { useFeatureWords } from './features';

export function PlanList({ botId }: { botId: string }) {
  const t = useCatalogueTexts();
  const words = useShopWords();
  const formats = useFormats();
  const { language } = useLanguage();
  const { summaryOf } = useFeatureWords();
  const sumsOf = useSums();
  const set = useSetSearch();
  const { archived } = useSearch({ from: '/console/catalogue/$botId' });
  const mayWrite = useStaff().can('catalogue:write', botId);
  const { data, error, refetch, isPlaceholderData } = useQuery({
    ...paymentsPlansListOptions({ query: { botId, archived: archived ? 'true' : 'false' } }),
    placeholderData: keepPreviousData,
  });
  const newButton = mayWrite && (
    <ButtonLink look="primary" icon={<Plus />} href={`/console/catalogue/${botId}/plans/new`}>
      {t.newPlan}
    </ButtonLink>
  );
  const columns: Column<PaymentsPlan>[] = [
    {
      ...{ id: 'name', title: t.plan },
      cell: ({ name, features }) => (
        <span className="two-lines" title={summaryOf(features)}>
          <span>{name[language]}</span>
          <small>{summaryOf(features)}</small>
        </span>
      ),
    },
    ...(archived
      ? [
          {
            ...{ id: 'state', title: t.state, width: '140px', phone: 'state' as const },
            cell: (plan: PaymentsPlan) => plan.archived && <Badge>{t.archived}</Badge>,
          },
        ]
      : []),
    {
      ...{ id: 'period', title: t.period, width: '120px' },
      cell: ({ period: { count, unit } }) => words.period(count, unit),
    },
    {
      ...{ id: 'prices', title: t.prices, width: '260px' },
      cell: ({ prices }) => sumsOf(prices),
    },
    { id: 'level', title: t.level, width: '120px', phone: 'never', cell: ({ level }) => <code>{level}</code> },
    {
      ...{ id: 'subscribed', title: t.subscribed, width: '120px', align: 'end' },
      cell: ({ subscriptions }) => formats.number(subscriptions),
    },
  ];
  return (
    <>
      <Filters alwaysOpen end={newButton}>
        <Switch isSelected={archived === '1'} onChange={(on) => set({ archived: on ? '1' : undefined })}>
          {t.withArchived}
        </Switch>
      </Filters>
      <DataTable
        label={t.tabs.plans}
        columns={columns}
        rows={data?.data}
        waiting={isPlaceholderData}
        error={error}
        onRetry={() => void refetch()}
        idOf={({ id }) => id}
        nameOf={({ name }) => name[language]}
        href={({ id }) => `/console/catalogue/${botId}/plans/${id}`}
        empty={
          <Empty icon={<Tag />} title={t.noPlans} action={newButton}>
            {t.noPlansText}
          </Empty>
        }
      />
    </>
  );
}
