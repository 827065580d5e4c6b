import { paymentsPayoutsComplete, paymentsPayoutsRefuse, type PaymentsStaffPayout } from '@switchboard/api-client';
import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  Form,
  FormProblem,
  notify,
  RadioGroup,
  SubmitButton,
  TextField,
  useForm,
  useFormats,
  useKitTexts,
} from '@switchboard/ui';
import { etagOf, refresh } from '../http/api';
import { usePayoutTexts } from './payouts.texts';

interface DecisionProps {
  payout: PaymentsStaffPayout;
  onClose: () => void;
}

const refusals = ['details', 'suspicion', 'other'] as const;

export function RefuseDialog({ payout: { id, revision, amountMinor, currency }, onClose }: DecisionProps) {
  const t = usePayoutTexts();
  const formats = useFormats();
  const kit = useKitTexts();
  const form = useForm({
    send: (values) =>
      paymentsPayoutsRefuse({
        path: { payoutId: id },
        headers: { 'If-Match': etagOf(revision) },
        body: { refusal: values.text('refusal') },
      }),
    done: () => {
      notify({ text: t.refused });
      void refresh('paymentsPayouts');
      onClose();
    },
  });
  return (
    <Dialog
      title={t.refuseTitle(formats.money({ amountMinor, currency }))}
      about={t.refuseAbout}
      isOpen
      onOpenChange={(open) => !open && onClose()}
    >
      <Form form={form}>
        <DialogBody>
          <FormProblem form={form} />
          <RadioGroup
            name="refusal"
            label={t.refusal}
            defaultValue="details"
            choices={refusals.map((one) => ({ id: one, label: t.refusals[one] }))}
          />
        </DialogBody>
        <DialogActions>
          <Button onPress={onClose}>{kit.cancel}</Button>
          <SubmitButton form={form} look="danger">
            {t.refuse}
          </SubmitButton>
        </DialogActions>
      </Form>
    </Dialog>
  );
}

export function CompleteDialog({ payout: { id, revision, amountMinor, currency }, onClose }: DecisionProps) {
  const t = usePayoutTexts();
  const formats = useFormats();
  const kit = useKitTexts();
  const form = useForm({
    send: (values) =>
      paymentsPayoutsComplete({
        path: { payoutId: id },
        headers: { 'If-Match': etagOf(revision) },
        body: { reference: values.text('reference') },
      }),
    done: () => {
      notify({ text: t.completed });
      void refresh('paymentsPayouts');
      onClose();
    },
  });
  return (
    <Dialog
      title={t.completeTitle(formats.money({ amountMinor, currency }))}
      about={t.completeAbout}
      isOpen
      onOpenChange={(open) => !open && onClose()}
    >
      <Form form={form}>
        <DialogBody>
          <FormProblem form={form} />
          <TextField
            name="reference"
            label={t.reference}
            hint={t.referenceHint}
            maxLength={200}
            isRequired
            autoFocus
            mono
          />
        </DialogBody>
        <DialogActions>
          <Button onPress={onClose}>{kit.cancel}</Button>
          <SubmitButton form={form}>{t.complete}</SubmitButton>
        </DialogActions>
      </Form>
    </Dialog>
  );
}
