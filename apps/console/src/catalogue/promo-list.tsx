import { type PaymentsPromoCode, paymentsPromoCodesEnd, paymentsPromoCodesListOptions } from '@switchboard/api-client';
import {
  Badge,
  Button,
  type Column,
  DataTable,
  Empty,
  Filters,
  Moment,
  NoMatch,
  notify,
  SearchField,
  type Tone,
  useConfirm,
  useFormats,
} from '@switchboard/ui';
import { useSearch } from '@tanstack/react-router';
import { CircleStop, Plus, TicketPercent } from 'lucide-react';
import { useState } from 'react';
import { etagOf, refresh, tellProblem } from '../http/api';
import { useList } from '../list';
import { useSetSearch } from '../search';
import { useStaff } from '../session';
import { useSums } from '../shop/shop-parts';
import { useCatalogueTexts } from './catalogue.texts';
import { PromoDialog } from './promo-dialog';

type State = 'live' | 'later' | 'over' | 'used' | 'ended';
const tones: Record<State, Tone> = { live: 'good', later: 'info', over: 'neutral', used: 'neutral', ended: 'neutral' };

function stateOf({ ended, validFrom, validUntil, uses, maxUses }: PaymentsPromoCode): State {
  if (ended) return 'ended';
  if (Date.parse(validFrom) > Date.now()) return 'later';
  if (validUntil !== null && Date.parse(validUntil) <= Date.now()) return 'over';
  return maxUses !== null && uses >= maxUses ? 'used' : 'live';
}

export function PromoList({ botId }: { botId: string }) {
  const t = useCatalogueTexts();
  const formats = useFormats();
  const sumsOf = useSums();
  const confirm = useConfirm();
  const set = useSetSearch();
  const { q, after } = useSearch({ from: '/console/catalogue/$botId' });
  const mayWrite = useStaff().can('promotions:write', botId);
  const [making, setMaking] = useState(false);
  const { list } = useList(paymentsPromoCodesListOptions({ query: { botId, code: q, after, limit: 50 } }));
  const end = async ({ id, code, revision }: PaymentsPromoCode) => {
    const question = { title: t.endTitle(code), text: t.endText, action: t.end, look: 'danger' as const };
    if ((await confirm(question)) === undefined) return;
    await paymentsPromoCodesEnd({ path: { promoCodeId: id }, headers: { 'If-Match': etagOf(revision) } })
      .then(() => notify({ text: t.promoEnded }))
      .catch(tellProblem);
    await refresh('paymentsPromoCodes');
  };
  const givenBy = ({ gives }: PaymentsPromoCode): string => {
    if (gives.kind === 'percent') return t.givesPercent(formats.percent(gives.percent / 100, 0));
    if (gives.kind === 'days') return t.givesDays(gives.days);
    return `${sumsOf(gives.amounts)} ${t.off}`;
  };
  const newButton = mayWrite && (
    <Button look="primary" icon={<Plus />} onPress={() => setMaking(true)}>
      {t.newPromo}
    </Button>
  );
  const columns: Column<PaymentsPromoCode>[] = [
    { id: 'code', title: t.code, cell: ({ code }) => <code>{code}</code> },
    {
      ...{ id: 'state', title: t.state, width: '140px', phone: 'state' },
      cell: (promo) => (
        <Badge dot tone={tones[stateOf(promo)]}>
          {t.promoStates[stateOf(promo)]}
        </Badge>
      ),
    },
    { id: 'gives', title: t.gives, width: '220px', cell: givenBy },
    {
      ...{ id: 'uses', title: t.uses, width: '130px', align: 'end' },
      cell: ({ uses, maxUses }) =>
        maxUses === null ? formats.number(uses) : t.usesOf(formats.number(uses), formats.number(maxUses)),
    },
    {
      ...{ id: 'plans', title: t.forWhat, width: '150px', phone: 'never' },
      cell: ({ planIds }) => (planIds ? t.forSome : t.forAll),
    },
    {
      ...{ id: 'until', title: t.until, width: '130px' },
      cell: ({ validUntil }) =>
        validUntil ? <Moment at={validUntil} look="date" /> : <span className="soft">{t.always}</span>,
    },
  ];
  return (
    <>
      <Filters
        search={<SearchField label={t.findPromo} value={q ?? ''} onChange={(text) => set({ q: text.trim() })} />}
        end={newButton}
      />
      <DataTable
        label={t.tabs.promos}
        columns={columns}
        {...list}
        idOf={({ id }) => id}
        nameOf={({ code }) => code}
        actions={
          mayWrite
            ? (promo) => [
                {
                  id: 'end',
                  entries: promo.ended
                    ? []
                    : [
                        {
                          ...{ id: 'end', label: t.end, icon: <CircleStop />, look: 'danger' },
                          onAction: () => void end(promo),
                        },
                      ],
                },
              ]
            : undefined
        }
        empty={
          q ? (
            <NoMatch onClear={() => set({ q: undefined })} />
          ) : (
            <Empty icon={<TicketPercent />} title={t.noPromos} action={newButton}>
              {t.noPromosText}
            </Empty>
          )
        }
      />
      {making && <PromoDialog botId={botId} onClose={() => setMaking(false)} />}
    </>
  );
}
