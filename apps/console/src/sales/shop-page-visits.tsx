import { analyticsBoardsReadShopPageOptions } from '@switchboard/api-client';
import {
  Card,
  type Column,
  DataTable,
  defineTexts,
  Funnel,
  ProblemState,
  SkeletonLines,
  useFormats,
  useKitTexts,
} from '@switchboard/ui';
import { keepPreviousData, useQuery } from '@tanstack/react-query';

const steps = ['opened', 'chosen', 'placed', 'paid', 'claimed'] as const;

/** Of the page on which people buy without an account, whose visits analytics counts. */
export function ShopPageVisits({ botId }: { botId?: string }) {
  const t = useVisitTexts();
  const kit = useKitTexts();
  const formats = useFormats();
  const { data, error, refetch } = useShopPage({ botId });
  type Visits = NonNullable<typeof data>['campaigns'][number];
  const columns: Column<Visits>[] = [
    { id: 'campaign', title: t.campaign, cell: ({ campaign }) => campaign ?? t.noCampaign },
    ...steps.map((step): Column<Visits> => ({
      ...{ id: step, title: t.steps[step], width: '120px', align: 'end' },
      ...((step === 'opened' || step === 'paid') && { phone: 'state' }),
      cell: (visits) => formats.number(visits[step]),
    })),
  ];
  return (
    <Card title={t.visits} about={t.visitsAbout}>
      {data ? (
        data.total.opened === 0 ? (
          <p className="ui-list-none">{t.noVisits}</p>
        ) : (
          <>
            <Funnel
              label={t.visits}
              steps={steps.map((step) => ({ id: step, label: t.steps[step], count: data.total[step] }))}
            />
            {data.campaigns.length > 1 && (
              <DataTable
                label={t.campaigns}
                columns={columns}
                rows={data.campaigns}
                idOf={({ campaign }) => campaign ?? ''}
                nameOf={({ campaign }) => campaign ?? t.noCampaign}
              />
            )}
          </>
        )
      ) : error ? (
        <ProblemState error={error} retry={() => void refetch()} />
      ) : (
        <SkeletonLines lines={5} label={kit.loading} />
      )}
    </Card>
  );
}

const DAY_MS = 86_400_000;
const VISIT_DAYS = 30;

/** How far visits of the page came on which people buy without an account, by days of UTC. */
function useShopPage({ botId }: { botId?: string }) {
  const day = (before: number) => new Date(Date.now() - before * DAY_MS).toISOString().slice(0, 10);
  const query = { botId, from: day(VISIT_DAYS - 1), to: day(0) };
  return useQuery({ ...analyticsBoardsReadShopPageOptions({ query }), placeholderData: keepPreviousData });
}

const useVisitTexts = defineTexts({
  en: {
    visits: 'Page without an account, last 30 days',
    visitsAbout: 'Visits of the page where people buy by a link, by how far they came; of all of it and by campaign.',
    steps: { opened: 'Opened', chosen: 'Chosen', placed: 'Ordered', paid: 'Paid', claimed: 'Taken over' },
    noVisits: 'Nobody has opened the page in these days.',
    noCampaign: 'No campaign',
    campaigns: 'By campaign',
    campaign: 'Campaign',
  },
  ru: {
    visits: 'Страница без аккаунта, 30 дней',
    visitsAbout: 'Визиты страницы, где покупают по ссылке: как далеко дошли, всего и по кампаниям.',
    steps: { opened: 'Открыли', chosen: 'Выбрали', placed: 'Заказали', paid: 'Оплатили', claimed: 'Забрали себе' },
    noVisits: 'За эти дни страницу никто не открывал.',
    noCampaign: 'Без кампании',
    campaigns: 'По кампаниям',
    campaign: 'Кампания',
  },
});
