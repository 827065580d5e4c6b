import { type PaymentsOffer, paymentsOffersEnd, paymentsOffersListOptions } from '@switchboard/api-client';
import {
  Badge,
  Button,
  type Column,
  DataTable,
  Empty,
  Filters,
  Moment,
  notify,
  type Tone,
  useConfirm,
  useFormats,
} from '@switchboard/ui';
import { useSearch } from '@tanstack/react-router';
import { CircleStop, Gift, Plus } from 'lucide-react';
import { Suspense, useState } from 'react';
import { etagOf, refresh, tellProblem } from '../http/api';
import { lazyPart } from '../lazy-part';
import { useList } from '../list';
import { useStaff } from '../session';
import { useMoneyList } from '../shop/shop-parts';
import { usePromotionTexts } from './promotions.texts';

const OfferDialog = lazyPart(() => import('./offer-dialog'), 'OfferDialog');

type State = 'live' | 'later' | 'over' | 'ended';
const tones: Record<State, Tone> = { live: 'good', later: 'info', over: 'neutral', ended: 'neutral' };

function stateOf({ endedAt, from, until }: PaymentsOffer): State {
  if (endedAt) return 'ended';
  if (Date.parse(from) > Date.now()) return 'later';
  return Date.parse(until) <= Date.now() ? 'over' : 'live';
}

export function OfferList({ botId }: { botId: string }) {
  const t = usePromotionTexts();
  const sumsOf = useMoneyList();
  const formats = useFormats();
  const confirm = useConfirm();
  const { after } = useSearch({ from: '/console/promotions/$botId' });
  const mayWrite = useStaff().can('promotions:write', botId);
  const [making, setMaking] = useState(false);
  const { list } = useList(paymentsOffersListOptions({ query: { botId, after, limit: 50 } }));
  const end = async ({ id, title, revision }: PaymentsOffer) => {
    const question = { title: t.endOfferTitle(title), text: t.endOfferText, action: t.end, look: 'danger' as const };
    if ((await confirm(question)) === undefined) return;
    await paymentsOffersEnd({ path: { offerId: id }, headers: { 'If-Match': etagOf(revision) } })
      .then(() => notify({ text: t.ended }))
      .catch(tellProblem);
    await refresh('paymentsOffers');
  };
  const newButton = mayWrite && (
    <Button look="primary" icon={<Plus />} onPress={() => setMaking(true)}>
      {t.newOffer}
    </Button>
  );
  const givenBy = ({ gives }: PaymentsOffer): string => {
    if (gives.kind === 'percent') return t.givesPercent(formats.percent(gives.percent / 100, 0));
    return gives.kind === 'days' ? t.givesDays(gives.days) : t.givesFixed;
  };
  const rate = ({ people, bought, rate: share }: PaymentsOffer['results']['shown']) =>
    share === null ? '–' : `${formats.number(bought)} / ${formats.number(people)} (${formats.percent(share, 1)})`;
  const columns: Column<PaymentsOffer>[] = [
    { id: 'title', title: t.name, cell: ({ title }) => title },
    {
      ...{ id: 'state', title: t.state, width: '130px', phone: 'state' },
      cell: (offer) => (
        <Badge dot tone={tones[stateOf(offer)]}>
          {t.states[stateOf(offer)]}
        </Badge>
      ),
    },
    { id: 'gives', title: t.gives, width: '140px', cell: givenBy },
    {
      ...{ id: 'shown', title: `${t.bought} / ${t.shown}`, width: '170px', align: 'end' },
      cell: ({ results }) => rate(results.shown),
    },
    {
      ...{ id: 'heldOut', title: `${t.bought} / ${t.heldOut}`, width: '190px', align: 'end' },
      cell: ({ results }) => rate(results.heldOut),
    },
    {
      ...{ id: 'difference', title: t.difference, width: '190px', align: 'end' },
      cell: ({ results: { difference } }) =>
        difference ? (
          <span title={t.between(formats.percent(difference.low, 1), formats.percent(difference.high, 1))}>
            {formats.percent(difference.value, 1)}{' '}
            <span className="soft">
              {t.between(formats.percent(difference.low, 1), formats.percent(difference.high, 1))}
            </span>
          </span>
        ) : (
          '–'
        ),
    },
    {
      ...{ id: 'revenue', title: t.revenue, width: '140px', align: 'end' },
      cell: ({ results }) => sumsOf(results.revenue) || '–',
    },
    { id: 'until', title: t.until, width: '120px', cell: ({ until }) => <Moment at={until} look="date" /> },
  ];
  return (
    <>
      <Filters end={newButton} />
      <DataTable
        label={t.tabs.offers}
        columns={columns}
        {...list}
        idOf={({ id }) => id}
        nameOf={({ title }) => title}
        actions={
          mayWrite
            ? (offer) => [
                {
                  id: 'end',
                  entries: offer.endedAt
                    ? []
                    : [
                        {
                          ...{ id: 'end', label: t.end, icon: <CircleStop />, look: 'danger' },
                          onAction: () => void end(offer),
                        },
                      ],
                },
              ]
            : undefined
        }
        empty={
          <Empty icon={<Gift />} title={t.noOffers} action={newButton}>
            {t.noOffersText}
          </Empty>
        }
      />
      <Suspense fallback={null}>{making && <OfferDialog botId={botId} onClose={() => setMaking(false)} />}</Suspense>
    </>
  );
}
