import { type GatewayWebhookEndpoint, gatewayWebhookEndpointsReplay } from '@switchboard/api-client';
import {
  Button,
  CheckboxGroup,
  Dialog,
  DialogActions,
  DialogBody,
  FieldRow,
  Form,
  FormProblem,
  notify,
  SubmitButton,
  TextField,
  useForm,
  useKitTexts,
} from '@switchboard/ui';
import { refresh } from '../http/api';
import { useWebhookTexts } from './webhooks.texts';

const outcomes = ['failed', 'cancelled', 'delivered'] as const;
const DAY_MS = 86_400_000;

export function ReplayPeriodDialog({ endpoint, onClose }: { endpoint: GatewayWebhookEndpoint; onClose: () => void }) {
  const t = useWebhookTexts();
  const kit = useKitTexts();
  const form = useForm({
    send: async (values, key) => {
      const period = {
        from: new Date(values.text('from')).toISOString(),
        to: new Date(values.text('to')).toISOString(),
        outcomes: outcomes.filter((one) => values.list('outcomes').includes(one)),
      };
      let replayed = 0;
      for (let after: string | undefined; ;) {
        const { data } = await gatewayWebhookEndpointsReplay({
          path: { endpointId: endpoint.id },
          headers: { 'Idempotency-Key': after === undefined ? key : `${key}-${after}` },
          body: { ...period, after },
        });
        replayed += data.replayed;
        if (data.after === null) return replayed;
        after = data.after;
      }
    },
    done: (replayed) => {
      notify({ text: t.replayedMany(replayed) });
      void refresh('gatewayWebhookDeliveries');
      onClose();
    },
  });
  return (
    <Dialog title={t.replayPeriod} about={t.replayAbout} isOpen onOpenChange={(open) => !open && onClose()}>
      <Form form={form}>
        <DialogBody>
          <FormProblem form={form} />
          <FieldRow>
            <TextField
              name="from"
              type="datetime-local"
              label={t.from}
              defaultValue={localTime(new Date(Date.now() - DAY_MS))}
              isRequired
            />
            <TextField name="to" type="datetime-local" label={t.to} defaultValue={localTime(new Date())} isRequired />
          </FieldRow>
          <CheckboxGroup
            name="outcomes"
            label={t.outcomesToReplay}
            defaultValue={['failed', 'cancelled']}
            choices={outcomes.map((id) => ({ id, label: t.replayOutcomes[id] }))}
          />
        </DialogBody>
        <DialogActions>
          <Button onPress={onClose}>{kit.cancel}</Button>
          <SubmitButton form={form}>{t.replay}</SubmitButton>
        </DialogActions>
      </Form>
    </Dialog>
  );
}

/** As `datetime-local` has it: `2026-11-27T09:30`, in the zone of the browser. */
function localTime(at: Date): string {
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
