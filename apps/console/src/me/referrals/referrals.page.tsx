import {
  paymentsReferralsReadMineOptions,
  type PaymentsReferralsReadMineResponse,
  paymentsReferralsUse,
  type PaymentsReward,
  paymentsRewardsListMineOptions,
} from '@switchboard/api-client';
import {
  Badge,
  Card,
  type Column,
  Columns,
  DataTable,
  Empty,
  Form,
  FormProblem,
  Grid,
  type Formats,
  Moment,
  notify,
  ProblemState,
  problemOf,
  Stat,
  SubmitButton,
  TextField,
  useForm,
  useFormats,
} from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { UserPlus } from 'lucide-react';
import { refresh } from '../../http/api';
import { useList } from '../../list';
import { Loaded } from '../../loaded';
import { ShareLink } from '../share-link';
import { BotPage } from '../shop/shop-page';
import { Payouts } from './payouts';
import { useReferralsTexts } from './referrals.texts';

type Referrals = PaymentsReferralsReadMineResponse;

/** Whom somebody has brought, what they got for it, and how they get it. */
export function ReferralsPage() {
  const t = useReferralsTexts();
  return (
    <BotPage title={t.title} about={t.about}>
      {(botId) => <OfBot key={botId} botId={botId} />}
    </BotPage>
  );
}

function OfBot({ botId }: { botId: string }) {
  const t = useReferralsTexts();
  const answer = useQuery(paymentsReferralsReadMineOptions({ query: { botId } }));
  if (problemOf(answer.error)?.code === 'payments.no_referrals') {
    return (
      <Empty icon={<UserPlus />} title={t.noProgramme}>
        {t.noProgrammeText}
      </Empty>
    );
  }
  if (answer.error && !answer.data) return <ProblemState error={answer.error} retry={() => void answer.refetch()} />;
  return (
    <Columns
      main={
        <>
          <Card title={t.link}>
            <Loaded answer={answer} lines={4}>
              {(referrals) => <Invitation referrals={referrals} />}
            </Loaded>
          </Card>
          <Numbers referrals={answer.data} />
          <Rewards botId={botId} />
        </>
      }
      side={
        <>
          <Payouts botId={botId} />
          <UseCode botId={botId} />
        </>
      }
    />
  );
}

function Invitation({ referrals: { link, percents, everyPayment, holdDays } }: { referrals: Referrals }) {
  const t = useReferralsTexts();
  const formats = useFormats();
  const [first = 0, ...further] = percents.map((percent) => formats.percent(percent / 100));
  return (
    <>
      <p>
        {t.terms(String(first), everyPayment)} {further.map((percent, i) => t.level(percent, i + 2)).join(', ')}
      </p>
      <ShareLink link={link.url ?? link.code} />
      {holdDays > 0 && <p className="soft">{t.hold(holdDays)}</p>}
    </>
  );
}

function Numbers({ referrals }: { referrals: Referrals | undefined }) {
  const t = useReferralsTexts();
  const formats = useFormats();
  return (
    <Grid min={130}>
      <Stat label={t.invited} value={referrals && formats.number(referrals.link.invited)} />
      <Stat label={t.paying} value={referrals && formats.number(referrals.paying)} />
      <Stat label={t.pending} value={referrals && (sums(referrals.pending, formats) || t.nothing)} />
      <Stat label={t.earned} value={referrals && (sums(referrals.earned, formats) || t.nothing)} />
    </Grid>
  );
}

/** In each currency: “199 ₽, $4”. */
const sums = (amounts: Referrals['earned'], formats: Formats): string =>
  amounts
    .filter(({ amountMinor }) => amountMinor > 0)
    .map((amount) => formats.price(amount))
    .join(', ');

const tones = { held: 'warn', paid: 'good', 'taken-back': 'neutral' } as const;

function Rewards({ botId }: { botId: string }) {
  const t = useReferralsTexts().rewards;
  const formats = useFormats();
  const { after } = useSearch({ from: '/me/invite' });
  const { list } = useList(paymentsRewardsListMineOptions({ query: { botId, after } }));
  const columns: Column<PaymentsReward>[] = [
    { id: 'amount', title: t.amount, cell: (reward) => formats.price(reward) },
    {
      ...{ id: 'state', title: t.state, width: '200px', phone: 'state' },
      cell: ({ state, releaseAt }) => (
        <Badge tone={tones[state]}>{state === 'held' ? t.until(formats.date(releaseAt)) : t.states[state]}</Badge>
      ),
    },
    { id: 'level', title: t.level, width: '100px', align: 'end', cell: ({ level }) => level },
    { id: 'at', title: t.at, width: '140px', cell: ({ at }) => <Moment at={at} look="date" /> },
  ];
  return (
    <Card title={t.title} flush>
      <DataTable
        {...list}
        label={t.title}
        columns={columns}
        idOf={({ id }) => id}
        nameOf={({ at }) => formats.date(at)}
        empty={<p className="ui-list-none">{t.none}</p>}
      />
    </Card>
  );
}

/** For whoever was invited by word of mouth. */
function UseCode({ botId }: { botId: string }) {
  const t = useReferralsTexts().invitation;
  const form = useForm({
    send: (values, key) =>
      paymentsReferralsUse({ body: { botId, code: values.text('code') }, headers: { 'Idempotency-Key': key } }),
    done: () => {
      notify({ text: t.used });
      void refresh('paymentsReferrals');
    },
  });
  return (
    <Card title={t.title} about={t.about}>
      <Form form={form}>
        <FormProblem form={form} />
        <TextField name="code" label={t.code} isRequired minLength={4} maxLength={40} autoComplete="off" />
        <div>
          <SubmitButton form={form} look="plain">
            {t.use}
          </SubmitButton>
        </div>
      </Form>
    </Card>
  );
}
