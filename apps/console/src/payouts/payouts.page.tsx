import {
  paymentsPayoutsApprove,
  paymentsPayoutsListOptions,
  paymentsPayoutsReadOptions,
  type PaymentsStaffPayout,
} from '@switchboard/api-client';
import {
  Ago,
  Badge,
  Button,
  ButtonLink,
  type Column,
  DataTable,
  Dialog,
  DialogActions,
  DialogBody,
  Empty,
  Facts,
  Filters,
  FilterSelect,
  Moment,
  NoMatch,
  notify,
  Page,
  type Tone,
  useConfirm,
  useFormats,
  wordOf,
} from '@switchboard/ui';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { Check, Eye, HandCoins, Send, X } from 'lucide-react';
import { useState } from 'react';
import { BotFilter, BotName } from '../bots/bot-parts';
import { etagOf, reasonHeader, refresh } from '../http/api';
import { useList } from '../list';
import { Loaded } from '../loaded';
import { PersonFilter, PersonLink, PersonName, usePersonNames } from '../person-names/person-names';
import { useReason } from '../reason/reason';
import { oneOf, useSetSearch } from '../search';
import { useStaff } from '../session';
import { useShopWords } from '../shop/shop.texts';
import { StaffName } from '../staff-names/staff-names';
import { CompleteDialog, RefuseDialog } from './decision-dialogs';
import { usePayoutTexts } from './payouts.texts';

const states = ['asked', 'approved', 'paid', 'refused', 'withdrawn'] as const;
type State = PaymentsStaffPayout['state'];
const tones: Record<State, Tone> = {
  ...{ asked: 'warn', approved: 'info', paid: 'good', refused: 'bad', withdrawn: 'neutral' },
};

export function PayoutsPage() {
  const t = usePayoutTexts();
  const words = useShopWords();
  const formats = useFormats();
  const staff = useStaff();
  const nameOfPerson = usePersonNames();
  const set = useSetSearch();
  const { bot, person, after, ...search } = useSearch({ from: '/console/payouts' });
  const state = oneOf(states, search.state);
  const { data, list } = useList(
    paymentsPayoutsListOptions({ query: { botId: bot, userId: person, state, after, limit: 50 } }),
  );
  const [openId, setOpenId] = useState<string>();
  const open = data?.data.find(({ id }) => id === openId);
  const columns: Column<PaymentsStaffPayout>[] = [
    { id: 'amount', title: words.amount, cell: (payout) => formats.money(payout) },
    {
      ...{ id: 'state', title: t.state, width: '150px', phone: 'state' },
      cell: (payout) => <PayoutState state={payout.state} />,
    },
    {
      ...{ id: 'person', title: words.person, width: '190px' },
      cell: ({ userId }) => <PersonName userId={userId} name={nameOfPerson(userId)} />,
    },
    { id: 'bot', title: t.bot, width: '190px', cell: ({ botId }) => <BotName botId={botId} /> },
    { id: 'asked', title: t.askedAt, width: '130px', cell: ({ askedAt }) => <Ago at={askedAt} /> },
    {
      ...{ id: 'decided', title: t.decidedAt, width: '130px', phone: 'never' },
      cell: ({ decidedAt }) => decidedAt && <Ago at={decidedAt} />,
    },
  ];
  return (
    <Page title={t.title} about={t.about}>
      <Filters set={[bot, person, state].filter(Boolean).length}>
        {person && <PersonFilter userId={person} onClear={() => set({ person: undefined })} />}
        <BotFilter value={bot} onChange={(id) => set({ bot: id })} />
        <FilterSelect
          label={t.state}
          any={t.anyState}
          value={state}
          onChange={(id) => set({ state: id })}
          choices={states.map((id) => ({ id, label: t.states[id] }))}
        />
      </Filters>
      <DataTable
        label={t.title}
        columns={columns}
        {...list}
        idOf={({ id }) => id}
        nameOf={(payout) => formats.money(payout)}
        onOpen={({ id }) => setOpenId(id)}
        toneOf={(payout) => (payout.state === 'asked' ? 'warn' : payout.state === 'approved' ? 'accent' : undefined)}
        empty={
          bot || person || state ? (
            <NoMatch onClear={() => set({ bot: undefined, person: undefined, state: undefined })} />
          ) : (
            <Empty
              icon={<HandCoins />}
              title={t.none}
              action={staff.can('partners:read') && <ButtonLink href="/console/partners">{t.toPartners}</ButtonLink>}
            >
              {t.noneText}
            </Empty>
          )
        }
      />
      {open && <PayoutDialog payout={open} onClose={() => setOpenId(undefined)} />}
    </Page>
  );
}

function PayoutState({ state }: { state: State }) {
  const t = usePayoutTexts();
  return (
    <Badge dot tone={tones[state]}>
      {t.states[state]}
    </Badge>
  );
}

/** What is asked for, and what can be done with it. */
function PayoutDialog({ payout, onClose }: { payout: PaymentsStaffPayout; onClose: () => void }) {
  const t = usePayoutTexts();
  const words = useShopWords();
  const formats = useFormats();
  const confirm = useConfirm();
  const { id: payoutId, botId, userId, state, revision } = payout;
  const mayDecide = useStaff().can('payouts:write', botId);
  const [deciding, setDeciding] = useState<'complete' | 'refuse'>();
  const approve = useMutation({
    mutationFn: async () => {
      const amount = formats.money(payout);
      const question = { title: t.approveTitle(amount), text: t.approveText, action: t.approve };
      if ((await confirm(question)) === undefined) return;
      await paymentsPayoutsApprove({ path: { payoutId }, headers: { 'If-Match': etagOf(revision) } });
      notify({ text: t.approved });
      await refresh('paymentsPayouts');
    },
  });
  const isOpen = state === 'asked' || state === 'approved';
  return (
    <Dialog look="side" title={t.payout} isOpen onOpenChange={(shown) => !shown && onClose()}>
      <DialogBody>
        <Facts
          facts={[
            [words.amount, <b key="amount">{formats.money(payout)}</b>],
            [t.state, <PayoutState key="state" state={state} />],
            [words.person, <PersonLink key="person" userId={userId} />],
            [t.bot, <BotName key="bot" botId={botId} />],
            [t.askedAt, <Moment key="asked" at={payout.askedAt} />],
            [t.approvedBy, payout.approvedBy && <StaffName key="approved" id={payout.approvedBy} />],
            [t.decidedBy, payout.decidedBy && <StaffName key="decided" id={payout.decidedBy} />],
            [t.decidedAt, payout.decidedAt && <Moment key="at" at={payout.decidedAt} />],
            [t.reference, payout.reference && <code key="reference">{payout.reference}</code>],
            [t.refusal, payout.refusal && wordOf(t.refusals, payout.refusal)],
          ]}
        />
        {isOpen && <Details payoutId={payoutId} />}
      </DialogBody>
      {mayDecide && isOpen && (
        <DialogActions>
          <Button look="danger-quiet" icon={<X />} onPress={() => setDeciding('refuse')}>
            {t.refuse}
          </Button>
          {state === 'asked' ? (
            <Button look="primary" icon={<Check />} isPending={approve.isPending} onPress={() => approve.mutate()}>
              {t.approve}
            </Button>
          ) : (
            <Button look="primary" icon={<Send />} onPress={() => setDeciding('complete')}>
              {t.complete}
            </Button>
          )}
        </DialogActions>
      )}
      {deciding === 'refuse' && <RefuseDialog payout={payout} onClose={() => setDeciding(undefined)} />}
      {deciding === 'complete' && <CompleteDialog payout={payout} onClose={() => setDeciding(undefined)} />}
    </Dialog>
  );
}

/** Where it goes: after a reason, for as long as it is open. */
function Details({ payoutId }: { payoutId: string }) {
  const t = usePayoutTexts();
  const [reason, askReason] = useReason(`payout ${payoutId}`, {
    ...{ title: t.showTitle, text: t.showText, action: t.show, label: t.reason, hint: t.reasonHint },
  });
  const answer = useQuery({
    ...paymentsPayoutsReadOptions({ path: { payoutId }, headers: reasonHeader(reason ?? '') }),
    enabled: reason !== undefined,
    gcTime: 0,
  });
  if (reason === undefined) {
    return (
      <div>
        <Button icon={<Eye />} onPress={() => void askReason()}>
          {t.show}
        </Button>
      </div>
    );
  }
  return (
    <Loaded answer={answer} lines={2}>
      {({ details }) => <Facts facts={[[t.details, <span key="details">{details ?? t.noDetails}</span>]]} />}
    </Loaded>
  );
}
