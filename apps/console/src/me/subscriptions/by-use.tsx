import { paymentsSubscriptionsChangeMine } from '@switchboard/api-client';
import { Card, Facts, Form, Meter, MoneyField, notify, SubmitButton, useForm, useFormats } from '@switchboard/ui';
import { etagOf, refresh } from '../../http/api';
import { type Kept, KeptRow, KeptRowProblem } from '../../kept-row/kept-row';
import type { Subscription } from '../shop/shop.api';
import { useSubscriptionsTexts } from './subscriptions.texts';

type Used = Subscription & { use: NonNullable<Subscription['use']> };

/** What is used beyond the plan and paid with the next period, and how much that may be. */
export function ByUse({ subscription }: { subscription: Used }) {
  const t = useSubscriptionsTexts().byUse;
  const formats = useFormats();
  const { micros, freeMicros, owedMinor, limitMinor, currency } = subscription.use;
  const price = (amountMinor: number) => formats.price({ amountMinor, currency });
  return (
    <Card title={t.title} about={t.about}>
      {limitMinor === 0 ? (
        <p>{t.nothing}</p>
      ) : (
        <Meter
          label={t.owed}
          value={owedMinor}
          most={limitMinor}
          words={t.owedOf(price(owedMinor), price(limitMinor))}
        />
      )}
      <Facts
        facts={[
          [t.used, formats.cost(micros)],
          [t.ofPlan, formats.cost(freeMicros)],
        ]}
      />
      <KeptRow latest={subscription} readAnew={() => refresh('paymentsSubscriptions', 'paymentsShop')}>
        {(row, kept) => <Limit subscription={row} kept={kept} />}
      </KeptRow>
    </Card>
  );
}

function Limit({ subscription: { id, revision, use }, kept }: { subscription: Used; kept: Kept<Used> }) {
  const t = useSubscriptionsTexts().byUse;
  const form = useForm({
    send: async (values) => {
      const { data } = await paymentsSubscriptionsChangeMine({
        path: { subscriptionId: id },
        headers: { 'If-Match': etagOf(revision) },
        body: { useLimitMinor: values.money('limit', use.currency)! },
      });
      return { ...data, use: data.use ?? use };
    },
    done: (saved) => {
      notify({ text: t.saved });
      void kept.goOn(saved);
    },
  });
  return (
    <Form form={form}>
      <KeptRowProblem form={form} kept={kept} />
      <MoneyField
        name="limit"
        label={t.limit}
        hint={t.limitHint}
        currency={use.currency}
        defaultMinor={use.limitMinor}
        minMinor={0}
        isRequired
      />
      <div>
        <SubmitButton form={form} look="plain">
          {t.save}
        </SubmitButton>
      </div>
    </Form>
  );
}
