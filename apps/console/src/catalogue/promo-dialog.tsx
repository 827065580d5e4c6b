import { type PaymentsPromoGives, paymentsPlansListOptions, paymentsPromoCodesCreate } from '@switchboard/api-client';
import {
  Button,
  Checkbox,
  CheckboxGroup,
  DateField,
  Dialog,
  DialogActions,
  DialogBody,
  FieldRow,
  Form,
  FormProblem,
  type FormValues,
  notify,
  NumberField,
  RadioGroup,
  SubmitButton,
  TextField,
  useForm,
  useKitTexts,
  useLanguage,
} from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { refresh } from '../http/api';
import { momentsOf } from '../period/days';
import { PriceFields, pricesIn } from '../shop/price-fields';
import { useCatalogueTexts } from './catalogue.texts';

const kinds = ['percent', 'fixed', 'days'] as const;
type Kind = (typeof kinds)[number];

function givesIn(values: FormValues, kind: Kind): PaymentsPromoGives {
  if (kind === 'percent') return { kind, percent: values.number('gives.percent') ?? 0 };
  return kind === 'days'
    ? { kind, days: values.number('gives.days') ?? 0 }
    : { kind, amounts: pricesIn(values, 'gives.amounts') };
}

export function PromoDialog({ botId, onClose }: { botId: string; onClose: () => void }) {
  const t = useCatalogueTexts();
  const kit = useKitTexts();
  const { language } = useLanguage();
  const [kind, setKind] = useState<Kind>('percent');
  const [planIds, setPlanIds] = useState<readonly string[] | null>(null);
  const [from, setFrom] = useState<string | null>(null);
  const [until, setUntil] = useState<string | null>(null);
  const plans = useQuery(paymentsPlansListOptions({ query: { botId } }));
  const form = useForm({
    send: (values, key) =>
      paymentsPromoCodesCreate({
        headers: { 'Idempotency-Key': key },
        body: {
          ...{ botId, code: values.text('code'), gives: givesIn(values, kind) },
          planIds: planIds && [...planIds],
          maxUses: values.number('maxUses') ?? null,
          maxPerPerson: values.number('maxPerPerson') ?? 1,
          firstOnly: values.flag('firstOnly'),
          // Days begin and end where whoever makes the code lives.
          validFrom: from ? momentsOf({ from, to: from }).from : undefined,
          validUntil: until ? momentsOf({ from: until, to: until }).to : null,
        },
      }),
    done: () => {
      notify({ text: t.made });
      void refresh('paymentsPromoCodes');
      onClose();
    },
  });
  return (
    <Dialog title={t.newPromo} about={t.promoAbout} isOpen onOpenChange={(open) => !open && onClose()}>
      <Form form={form}>
        <DialogBody>
          <FormProblem form={form} />
          <TextField
            name="code"
            label={t.promo}
            hint={t.promoHint}
            pattern="[\p{L}\p{N}_\-]+"
            minLength={2}
            maxLength={64}
            isRequired
            autoFocus
            mono
          />
          <RadioGroup
            label={t.gives}
            value={kind}
            onChange={(id) => setKind(kinds.find((one) => one === id) ?? kind)}
            cards
            choices={kinds.map((id) => ({ id, label: t.givesKinds[id] }))}
          />
          {kind === 'percent' && (
            <NumberField
              name="gives.percent"
              label={t.percent}
              defaultValue={10}
              minValue={1}
              maxValue={100}
              isRequired
            />
          )}
          {kind === 'days' && (
            <NumberField name="gives.days" label={t.days} defaultValue={7} minValue={1} maxValue={366} isRequired />
          )}
          {kind === 'fixed' && <PriceFields name="gives.amounts" prices={{}} />}
          <RadioGroup
            label={t.forWhat}
            value={planIds ? 'some' : 'all'}
            onChange={(which) => setPlanIds(which === 'all' ? null : [])}
            choices={[
              { id: 'all', label: t.forAll },
              { id: 'some', label: t.forSome, disabled: !plans.data?.data.length },
            ]}
          />
          {planIds && (
            <CheckboxGroup
              label={t.tabs.plans}
              value={[...planIds]}
              onChange={setPlanIds}
              choices={(plans.data?.data ?? []).map(({ id, name }) => ({ id, label: name[language] }))}
              isRequired
            />
          )}
          <FieldRow>
            <NumberField name="maxUses" label={t.maxUses} hint={t.maxUsesHint} minValue={1} optional />
            <NumberField
              name="maxPerPerson"
              label={t.maxPerPerson}
              defaultValue={1}
              minValue={1}
              maxValue={1000}
              isRequired
            />
          </FieldRow>
          <FieldRow>
            <DateField label={t.from} value={from} onChange={setFrom} optional />
            <DateField label={t.until} hint={t.untilHint} value={until} onChange={setUntil} optional />
          </FieldRow>
          <Checkbox name="firstOnly">{t.firstOnly}</Checkbox>
        </DialogBody>
        <DialogActions>
          <Button onPress={onClose}>{kit.cancel}</Button>
          <SubmitButton form={form}>{t.make}</SubmitButton>
        </DialogActions>
      </Form>
    </Dialog>
  );
}
