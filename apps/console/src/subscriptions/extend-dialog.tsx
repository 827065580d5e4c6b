import { type PaymentsSubscription, paymentsSubscriptionsExtend } from '@switchboard/api-client';
import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  Form,
  FormProblem,
  notify,
  NumberField,
  SubmitButton,
  TextArea,
  useForm,
  useFormats,
  useKitTexts,
  useLanguage,
} from '@switchboard/ui';
import { useState } from 'react';
import { etagOf, refresh } from '../http/api';
import { daysGivenAlone } from '../shop/approval-limits';
import { useSubscriptionTexts } from './subscriptions.texts';

const DAY_MS = 86_400_000;

export function ExtendDialog({
  subscription: { id, planName, validUntil, revision },
  onClose,
}: {
  subscription: PaymentsSubscription;
  onClose: () => void;
}) {
  const t = useSubscriptionTexts();
  const kit = useKitTexts();
  const formats = useFormats();
  const { language } = useLanguage();
  const [days, setDays] = useState(7);
  const form = useForm({
    send: (values) =>
      paymentsSubscriptionsExtend({
        path: { subscriptionId: id },
        headers: { 'If-Match': etagOf(revision) },
        body: { days: values.number('days') ?? 0, reason: values.text('reason') },
      }),
    done: () => {
      notify({ text: t.extended });
      void refresh('paymentsSubscriptions');
      onClose();
    },
  });
  // What has run out goes on from now.
  const from = Math.max(Date.parse(validUntil), Date.now());
  return (
    <Dialog
      title={t.extendTitle(planName[language])}
      about={t.extendAbout}
      isOpen
      onOpenChange={(open) => !open && onClose()}
    >
      <Form form={form}>
        <DialogBody>
          <FormProblem form={form} />
          <NumberField
            name="days"
            label={t.days}
            hint={Number.isNaN(days) ? undefined : t.validThen(formats.date(from + days * DAY_MS))}
            value={days}
            onChange={setDays}
            minValue={1}
            maxValue={366}
            isRequired
            autoFocus
          />
          {days > daysGivenAlone && (
            <p className="note" role="status">
              {t.needsSecond(daysGivenAlone)}
            </p>
          )}
          <TextArea
            name="reason"
            label={t.reason}
            hint={t.reasonHint}
            minLength={3}
            maxLength={500}
            rows={2}
            isRequired
          />
        </DialogBody>
        <DialogActions>
          <Button onPress={onClose}>{kit.cancel}</Button>
          <SubmitButton form={form}>{t.extend}</SubmitButton>
        </DialogActions>
      </Form>
    </Dialog>
  );
}
