import { type PaymentsPartner, paymentsPartnersSet } from '@switchboard/api-client';
import {
  Button,
  Checkbox,
  Dialog,
  DialogActions,
  DialogBody,
  Form,
  FormProblem,
  notify,
  SubmitButton,
  TextField,
  useForm,
  useKitTexts,
} from '@switchboard/ui';
import { refresh } from '../http/api';
import { usePartnerTexts } from './partners.texts';
import { ShareFields, sharesIn } from './share-fields';

const USUAL_PERCENT = 20;

/** Makes somebody a partner, or gives a partner other terms. */
export function PartnerDialog({
  botId,
  partner,
  onClose,
}: {
  botId: string;
  partner?: PaymentsPartner;
  onClose: () => void;
}) {
  const t = usePartnerTexts();
  const kit = useKitTexts();
  const form = useForm({
    send: (values, key) =>
      paymentsPartnersSet({
        path: { botId, userId: partner?.userId ?? values.text('userId') },
        headers: { 'Idempotency-Key': key },
        body: { percents: sharesIn(values), everyPayment: values.flag('everyPayment') },
      }),
    done: () => {
      notify({ text: t.saved });
      void refresh('paymentsPartners');
      onClose();
    },
  });
  return (
    <Dialog title={partner ? t.change : t.new} isOpen onOpenChange={(open) => !open && onClose()}>
      <Form form={form}>
        <DialogBody>
          <FormProblem form={form} />
          {!partner && (
            <TextField
              name="userId"
              label={t.userId}
              hint={t.userIdHint}
              pattern="[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
              isRequired
              autoFocus
              mono
            />
          )}
          <ShareFields percents={partner?.percents ?? [USUAL_PERCENT]} />
          <Checkbox name="everyPayment" defaultSelected={partner?.everyPayment ?? true}>
            {t.everyPayment}
          </Checkbox>
        </DialogBody>
        <DialogActions>
          <Button onPress={onClose}>{kit.cancel}</Button>
          <SubmitButton form={form}>{t.set}</SubmitButton>
        </DialogActions>
      </Form>
    </Dialog>
  );
}
