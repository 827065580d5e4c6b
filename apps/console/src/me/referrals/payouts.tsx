import {
  type PaymentsPayout,
  paymentsPayoutsListMineOptions,
  type PaymentsPayoutsListMineResponse,
  paymentsPayoutsRequest,
  paymentsPayoutsWithdraw,
} from '@switchboard/api-client';
import {
  Badge,
  Button,
  Card,
  Form,
  FormProblem,
  MoneyField,
  notify,
  SubmitButton,
  TextArea,
  useForm,
  useFormats,
  wordOf,
} from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { refresh, tellProblem } from '../../http/api';
import { Loaded } from '../../loaded';
import { CurrencyChoice } from '../shop/currency-choice';
import { priceIn } from '../shop/shop.api';
import { useReferralsTexts } from './referrals.texts';

/** As many of the past as are worth seeing. */
const SHOWN = 5;

/** What was earned is paid out when it is asked for, one request at a time. */
export function Payouts({ botId }: { botId: string }) {
  const t = useReferralsTexts().payouts;
  const formats = useFormats();
  const answer = useQuery(paymentsPayoutsListMineOptions({ query: { botId, limit: SHOWN } }));
  return (
    <Card title={t.title} about={t.about} flush>
      <Loaded answer={answer}>
        {({ data, payable, least }) => {
          const open = data.find(({ state }) => state === 'asked' || state === 'approved');
          const some = payable.filter(({ amountMinor }) => amountMinor > 0);
          const enough = some.filter(({ amountMinor, currency }) => {
            const lowest = priceIn(least, currency);
            return lowest !== undefined && amountMinor >= lowest.amountMinor;
          });
          const lowest = some.flatMap(({ currency }) => priceIn(least, currency) ?? []);
          return (
            <>
              {!open && enough.length > 0 && <RequestPayout {...{ botId, least }} payable={enough} />}
              {!open && enough.length === 0 && (
                <p className="ui-list-none">
                  {lowest.length > 0
                    ? t.tooLittle(some.map(formats.price).join(' · '), lowest.map(formats.price).join(' · '))
                    : t.none}
                </p>
              )}
              {data.length > 0 && (
                <ul className="me-list" aria-label={t.last}>
                  {data.map((payout) => (
                    <Payout key={payout.id} payout={payout} />
                  ))}
                </ul>
              )}
            </>
          );
        }}
      </Loaded>
    </Card>
  );
}

function RequestPayout({
  botId,
  payable,
  least,
}: { botId: string } & Pick<PaymentsPayoutsListMineResponse, 'payable' | 'least'>) {
  const t = useReferralsTexts().payouts;
  const formats = useFormats();
  const [wanted, setCurrency] = useState<string>();
  const most = payable.find(({ currency }) => currency === wanted) ?? payable[0]!;
  const { currency } = most;
  const lowest = priceIn(least, currency);
  const form = useForm({
    send: (values, key) =>
      paymentsPayoutsRequest({
        body: { botId, currency, amountMinor: values.money('amount', currency)!, details: values.text('details') },
        headers: { 'Idempotency-Key': key },
      }),
    done: () => {
      notify({ text: t.asked });
      void refresh('paymentsPayouts', 'paymentsBalances');
    },
  });
  return (
    <div className="me-list-form">
      <p>
        {t.payable}: <strong>{formats.price(most)}</strong>
      </p>
      <Form form={form}>
        <FormProblem form={form} />
        {payable.length > 1 && (
          <CurrencyChoice currencies={payable.map((one) => one.currency)} value={currency} onChange={setCurrency} />
        )}
        <MoneyField
          key={currency}
          name="amount"
          label={t.amount}
          hint={lowest && t.least(formats.price(lowest))}
          currency={currency}
          defaultMinor={most.amountMinor}
          minMinor={lowest?.amountMinor}
          maxMinor={most.amountMinor}
          isRequired
        />
        <TextArea
          name="details"
          label={t.details}
          hint={t.detailsHint}
          rows={2}
          isRequired
          minLength={3}
          maxLength={500}
        />
        <div>
          <SubmitButton form={form}>{t.ask}</SubmitButton>
        </div>
      </Form>
    </div>
  );
}

const tones = { asked: 'accent', approved: 'accent', paid: 'good', refused: 'bad', withdrawn: 'neutral' } as const;

function Payout({ payout: { id, state, askedAt, refusal, ...amount } }: { payout: PaymentsPayout }) {
  const t = useReferralsTexts().payouts;
  const formats = useFormats();
  const withdraw = async () => {
    await paymentsPayoutsWithdraw({ path: { payoutId: id }, headers: { 'Idempotency-Key': crypto.randomUUID() } })
      .then(() => notify({ text: t.withdrawn }))
      .catch(tellProblem);
    await refresh('paymentsPayouts', 'paymentsBalances');
  };
  return (
    <li>
      <div className="me-list-words">
        <span className="ui-row">
          <strong>{formats.price(amount)}</strong>
          <Badge tone={tones[state]}>{t.states[state]}</Badge>
        </span>
        <small>{formats.date(askedAt)}</small>
        {refusal && <small>{wordOf(t.refusals, refusal)}</small>}
      </div>
      {state === 'asked' && (
        <Button size="small" look="quiet" onPress={() => void withdraw()}>
          {t.withdraw}
        </Button>
      )}
    </li>
  );
}
