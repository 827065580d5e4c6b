import { type PaymentsPlan, paymentsPlansChange, paymentsPlansCreate } from '@switchboard/api-client';
import {
  ButtonLink,
  Card,
  Checkbox,
  FieldRow,
  Form,
  FormProblem,
  notify,
  NumberField,
  Select,
  SubmitButton,
  TextField,
  useForm,
  useKitTexts,
} from '@switchboard/ui';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { etagOf, refresh } from '../http/api';
import { type Kept, KeptRowProblem } from '../kept-row/kept-row';
import { PriceFields, pricesIn } from '../shop/price-fields';
import { useCatalogueTexts } from './catalogue.texts';
import { FeatureFields, featureRowsOf, featuresOf } from './feature-fields';
import { NameFields, namesIn } from './name-fields';
import { ReceiptFields, receiptIn } from './receipt-fields';

/** To the micro-dollar, so that nothing is changed by being looked at. */
const DOLLARS: Intl.NumberFormatOptions = {
  ...{ style: 'currency', currency: 'USD', currencyDisplay: 'narrowSymbol' },
  maximumFractionDigits: 6,
};

const units = ['day', 'month'] as const;

/** Makes a plan, or changes what is sold from now on. */
export function PlanForm({
  botId,
  plan,
  kept,
  mayWrite,
}: {
  botId: string;
  /** With `kept`: the one that is changed. */
  plan?: PaymentsPlan;
  kept?: Kept<PaymentsPlan>;
  mayWrite: boolean;
}) {
  const t = useCatalogueTexts();
  const kit = useKitTexts();
  const navigate = useNavigate();
  const [isByUse, setByUse] = useState(Boolean(plan?.byUse));
  const [features, setFeatures] = useState(featureRowsOf(plan?.features ?? {}));
  const form = useForm({
    send: async (values, key) => {
      const body = {
        ...{ name: namesIn(values, 'name'), description: namesIn(values, 'description') },
        ...{ level: values.text('level'), rank: values.number('rank') ?? 0, prices: pricesIn(values, 'prices') },
        ...{ features: featuresOf(features), recurring: values.flag('recurring'), giftable: values.flag('giftable') },
        ...{ trialDays: values.number('trialDays') ?? null, graceDays: values.number('graceDays') ?? 0 },
        byUse: values.flag('byUse')
          ? {
              freeMicros: Math.round((values.number('byUse.free') ?? 0) * 1e6),
              prices: pricesIn(values, 'byUse.prices'),
            }
          : null,
        ...{ position: values.number('position') ?? 0, receipt: receiptIn(values) },
      };
      const period = {
        count: values.number('period.count') ?? 1,
        unit: units.find((unit) => unit === values.text('period.unit')) ?? 'month',
      };
      const { data } = plan
        ? await paymentsPlansChange({
            path: { planId: plan.id },
            headers: { 'If-Match': etagOf(plan.revision) },
            body,
          })
        : await paymentsPlansCreate({
            headers: { 'Idempotency-Key': key },
            body: { ...body, botId, code: values.text('code'), period },
          });
      return data;
    },
    done: (saved) => {
      notify({ text: t.saved });
      if (kept) return void kept.goOn(saved);
      void refresh('paymentsPlans');
      void navigate({ to: '/console/catalogue/$botId', params: { botId } });
    },
  });
  const isDisabled = !mayWrite;
  return (
    <Form form={form}>
      {kept ? <KeptRowProblem form={form} kept={kept} more={features} /> : <FormProblem form={form} />}
      <Card title={t.words}>
        <NameFields name="name" labels={[t.nameEn, t.nameRu]} texts={plan?.name} isDisabled={isDisabled} isRequired />
        <NameFields
          name="description"
          labels={[t.aboutEn, t.aboutRu]}
          texts={plan?.description}
          isDisabled={isDisabled}
        />
        {!plan && (
          <TextField
            name="code"
            label={t.code}
            hint={t.codeHint}
            pattern="[a-z0-9][a-z0-9\-]*"
            maxLength={40}
            isRequired
            mono
          />
        )}
      </Card>
      <Card title={t.prices} about={t.pricesAbout}>
        {plan ? (
          <p className="soft">{t.periodStays}</p>
        ) : (
          <FieldRow>
            <NumberField
              name="period.count"
              label={t.period}
              defaultValue={1}
              minValue={1}
              maxValue={1200}
              isRequired
            />
            <Select
              name="period.unit"
              label={t.unit}
              defaultValue="month"
              choices={units.map((id) => ({ id, label: t.units[id] }))}
            />
          </FieldRow>
        )}
        <PriceFields name="prices" prices={plan?.prices ?? {}} isDisabled={isDisabled} />
      </Card>
      <Card title={t.features}>
        <FieldRow>
          <TextField
            name="level"
            label={t.level}
            hint={t.levelHint}
            defaultValue={plan?.level}
            pattern="[a-z][a-z0-9\-]*"
            maxLength={40}
            isDisabled={isDisabled}
            isRequired
            mono
          />
          <NumberField
            name="rank"
            label={t.rank}
            hint={t.rankHint}
            defaultValue={plan?.rank ?? 1}
            minValue={0}
            maxValue={1000}
            isDisabled={isDisabled}
            isRequired
          />
        </FieldRow>
        <FeatureFields rows={features} onChange={setFeatures} isDisabled={isDisabled} />
      </Card>
      <Card title={t.terms}>
        <FieldRow>
          <NumberField
            name="trialDays"
            label={t.trialDays}
            hint={t.trialHint}
            defaultValue={plan?.trialDays ?? undefined}
            minValue={1}
            maxValue={90}
            isDisabled={isDisabled}
            optional
          />
          <NumberField
            name="graceDays"
            label={t.graceDays}
            hint={t.graceHint}
            defaultValue={plan?.graceDays ?? 3}
            minValue={0}
            maxValue={60}
            isDisabled={isDisabled}
            isRequired
          />
          <NumberField
            name="position"
            label={t.position}
            hint={t.positionHint}
            defaultValue={plan?.position ?? 0}
            minValue={0}
            maxValue={10_000}
            isDisabled={isDisabled}
            isRequired
          />
        </FieldRow>
        <Checkbox
          name="recurring"
          defaultSelected={plan?.recurring ?? true}
          hint={t.recurringHint}
          isDisabled={isDisabled}
        >
          {t.recurring}
        </Checkbox>
        <Checkbox name="giftable" defaultSelected={plan?.giftable ?? true} isDisabled={isDisabled}>
          {t.giftable}
        </Checkbox>
      </Card>
      <Card title={t.byUse.title} about={t.byUse.about}>
        <Checkbox name="byUse" isSelected={isByUse} onChange={setByUse} isDisabled={isDisabled}>
          {t.byUse.is}
        </Checkbox>
        {isByUse && (
          <>
            <NumberField
              name="byUse.free"
              label={t.byUse.free}
              hint={t.byUse.freeHint}
              defaultValue={(plan?.byUse?.freeMicros ?? 0) / 1e6}
              minValue={0}
              formatOptions={DOLLARS}
              isDisabled={isDisabled}
              isRequired
            />
            <p className="soft">{t.byUse.prices}</p>
            <PriceFields name="byUse.prices" prices={plan?.byUse?.prices ?? {}} isDisabled={isDisabled} />
          </>
        )}
      </Card>
      <ReceiptFields receipt={plan?.receipt ?? {}} isDisabled={isDisabled} />
      {mayWrite && (
        <div className="save-bar">
          <ButtonLink href={`/console/catalogue/${botId}`}>{kit.cancel}</ButtonLink>
          <SubmitButton form={form}>{t.save}</SubmitButton>
        </div>
      )}
    </Form>
  );
}
