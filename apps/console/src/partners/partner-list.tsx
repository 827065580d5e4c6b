import { type PaymentsPartner, paymentsPartnersEnd, paymentsPartnersListOptions } from '@switchboard/api-client';
import {
  Badge,
  Button,
  type Column,
  DataTable,
  Empty,
  Filters,
  type MenuEntry,
  Moment,
  notify,
  useConfirm,
  useFormats,
} from '@switchboard/ui';
import { useSearch } from '@tanstack/react-router';
import { CircleStop, HandCoins, Handshake, Pencil, Plus, UserRound } from 'lucide-react';
import { Suspense, useState } from 'react';
import { refresh, tellProblem } from '../http/api';
import { lazyPart } from '../lazy-part';
import { useList } from '../list';
import { PersonName, usePersonNames } from '../person-names/person-names';
import { useStaff } from '../session';
import { useMoneyList } from '../shop/shop-parts';
import { usePartnerTexts } from './partners.texts';

const PartnerDialog = lazyPart(() => import('./partner-dialog'), 'PartnerDialog');

export function PartnerList({ botId }: { botId: string }) {
  const t = usePartnerTexts();
  const formats = useFormats();
  const confirm = useConfirm();
  const staff = useStaff();
  const listOf = useMoneyList();
  const nameOf = usePersonNames();
  const { after } = useSearch({ from: '/console/partners/$botId' });
  const mayWrite = staff.can('partners:write', botId);
  const [open, setOpen] = useState<PaymentsPartner | 'new'>();
  const { list } = useList(paymentsPartnersListOptions({ path: { botId }, query: { after, limit: 50 } }));
  const end = async ({ userId }: PaymentsPartner) => {
    const question = { title: t.endTitle(nameOf(userId)), text: t.endText, action: t.end, look: 'danger' as const };
    if ((await confirm(question)) === undefined) return;
    await paymentsPartnersEnd({ path: { botId, userId } })
      .then(() => notify({ text: t.over }))
      .catch(tellProblem);
    await refresh('paymentsPartners');
  };
  const newButton = mayWrite && (
    <Button look="primary" icon={<Plus />} onPress={() => setOpen('new')}>
      {t.new}
    </Button>
  );
  const changesOf = (partner: PaymentsPartner): MenuEntry[] =>
    mayWrite && partner.endedAt === null
      ? [
          { id: 'change', label: t.change, icon: <Pencil />, onAction: () => setOpen(partner) },
          { id: 'end', label: t.end, icon: <CircleStop />, look: 'danger', onAction: () => void end(partner) },
        ]
      : [];
  const waysFrom = ({ userId }: PaymentsPartner): MenuEntry[] => [
    ...(staff.can('people:read')
      ? [{ id: 'person', label: t.toPerson, icon: <UserRound />, href: `/console/people/${userId}` }]
      : []),
    ...(staff.can('payouts:read')
      ? [{ id: 'payouts', label: t.toPayouts, icon: <HandCoins />, href: `/console/payouts?person=${userId}` }]
      : []),
  ];
  const columns: Column<PaymentsPartner>[] = [
    {
      ...{ id: 'partner', title: t.partner },
      cell: ({ userId }) => <PersonName userId={userId} name={nameOf(userId)} />,
    },
    {
      ...{ id: 'state', title: t.state, width: '120px', phone: 'state' },
      cell: ({ endedAt }) => (
        <Badge dot tone={endedAt ? 'neutral' : 'good'}>
          {endedAt ? t.ended : t.is}
        </Badge>
      ),
    },
    {
      ...{ id: 'percents', title: t.percents, width: '180px' },
      cell: ({ percents, everyPayment }) => (
        <span className="two-lines">
          <span>{percents.map((percent) => formats.percent(percent / 100, 0)).join(' · ')}</span>
          <small>{everyPayment ? t.every : t.first}</small>
        </span>
      ),
    },
    {
      ...{ id: 'invited', title: t.invited, width: '100px', align: 'end' },
      cell: ({ invited }) => formats.number(invited),
    },
    { id: 'pending', title: t.pending, width: '130px', align: 'end', cell: ({ pending }) => listOf(pending) },
    { id: 'earned', title: t.earned, width: '130px', align: 'end', cell: ({ earned }) => listOf(earned) },
    {
      ...{ id: 'paid', title: t.paidOut, width: '130px', align: 'end', phone: 'never' },
      cell: ({ paidOut }) => listOf(paidOut),
    },
    {
      ...{ id: 'since', title: t.since, width: '120px', phone: 'never' },
      cell: ({ since }) => <Moment at={since} look="date" />,
    },
  ];
  return (
    <>
      <Filters end={newButton} />
      <DataTable
        label={t.tabs.partners}
        columns={columns}
        {...list}
        idOf={({ userId }) => userId}
        nameOf={({ userId }) => nameOf(userId)}
        actions={(partner) => [
          { id: 'changes', entries: changesOf(partner) },
          { id: 'ways', entries: waysFrom(partner) },
        ]}
        empty={
          <Empty icon={<Handshake />} title={t.none} action={newButton}>
            {t.noneText}
          </Empty>
        }
      />
      {open && (
        <Suspense>
          <PartnerDialog botId={botId} partner={open === 'new' ? undefined : open} onClose={() => setOpen(undefined)} />
        </Suspense>
      )}
    </>
  );
}
