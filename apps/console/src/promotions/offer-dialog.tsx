import { paymentsOffersCreate } from '@switchboard/api-client';
import {
  Button,
  DateField,
  Dialog,
  DialogActions,
  DialogBody,
  FieldRow,
  Form,
  FormProblem,
  Markdown,
  notify,
  NumberField,
  RadioGroup,
  SubmitButton,
  TextArea,
  TextField,
  useForm,
  useKitTexts,
} from '@switchboard/ui';
import { useState } from 'react';
import { refresh } from '../http/api';
import { dayOf, momentsOf } from '../period/days';
import { CustomerFields, customersIn } from '../segments/segment-fields';
import { usePromotionTexts } from './promotions.texts';

const locales = ['ru', 'en'] as const;
const kinds = ['percent', 'days'] as const;
const USUAL_MS = 7 * 86_400_000;

export function OfferDialog({ botId, onClose }: { botId: string; onClose: () => void }) {
  const t = usePromotionTexts();
  const kit = useKitTexts();
  const [kind, setKind] = useState<(typeof kinds)[number]>('percent');
  const [texts, setTexts] = useState({ ru: '', en: '' });
  const [until, setUntil] = useState<string | null>(() => dayOf(new Date(Date.now() + USUAL_MS)));
  const form = useForm({
    send: (values, key) =>
      paymentsOffersCreate({
        headers: { 'Idempotency-Key': key },
        body: {
          ...{ botId, title: values.text('title'), text: texts, criteria: customersIn(values, 'criteria') },
          gives:
            kind === 'percent'
              ? { kind, percent: values.number('gives.percent') ?? 0 }
              : { kind, days: values.number('gives.days') ?? 0 },
          cap: values.number('cap') ?? null,
          holdOutPercent: values.number('holdOutPercent') ?? 0,
          // A day ends where whoever makes the offer lives.
          until: until ? momentsOf({ from: until, to: until }).to : '',
        },
      }),
    done: () => {
      notify({ text: t.made });
      void refresh('paymentsOffers');
      onClose();
    },
  });
  return (
    <Dialog title={t.newOffer} about={t.offerAbout} width="wide" isOpen onOpenChange={(open) => !open && onClose()}>
      <Form form={form}>
        <DialogBody>
          <FormProblem form={form} />
          <TextField name="title" label={t.name} hint={t.nameHint} maxLength={120} isRequired autoFocus />
          {locales.map((locale) => (
            <div key={locale}>
              <TextArea
                name={`text.${locale}`}
                label={t.text[locale]}
                value={texts[locale]}
                onChange={(text) => setTexts({ ...texts, [locale]: text })}
                maxLength={3000}
                isRequired
              />
              {texts[locale] && (
                <div role="group" aria-label={t.preview[locale]} lang={locale}>
                  <Markdown text={texts[locale]} />
                </div>
              )}
            </div>
          ))}
          <RadioGroup
            label={t.gives}
            value={kind}
            onChange={(id) => setKind(kinds.find((one) => one === id) ?? kind)}
            choices={kinds.map((id) => ({ id, label: t.givesKinds[id] }))}
          />
          {kind === 'percent' ? (
            <NumberField
              name="gives.percent"
              label={t.percent}
              defaultValue={20}
              minValue={1}
              maxValue={100}
              isRequired
            />
          ) : (
            <NumberField name="gives.days" label={t.days} defaultValue={7} minValue={1} maxValue={366} isRequired />
          )}
          <CustomerFields name="criteria" />
          <FieldRow>
            <NumberField name="cap" label={t.cap} minValue={1} optional />
            <NumberField
              name="holdOutPercent"
              label={t.holdOut}
              hint={t.holdOutHint}
              defaultValue={10}
              minValue={0}
              maxValue={90}
              isRequired
            />
          </FieldRow>
          <DateField label={t.until} value={until} onChange={setUntil} />
        </DialogBody>
        <DialogActions>
          <Button onPress={onClose}>{kit.cancel}</Button>
          <SubmitButton form={form}>{t.make}</SubmitButton>
        </DialogActions>
      </Form>
    </Dialog>
  );
}
