import { type GatewayWebhookEndpoint, gatewayWebhookSecretsRotate } from '@switchboard/api-client';
import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  Form,
  FormProblem,
  SecretField,
  Select,
  SubmitButton,
  useForm,
  useKitTexts,
} from '@switchboard/ui';
import { useState } from 'react';
import { refresh } from '../http/api';
import { useWebhookTexts } from './webhooks.texts';

/** A secret, this once. */
export function NewSecretDialog({ secret, onClose }: { secret: string; onClose: () => void }) {
  const t = useWebhookTexts();
  return (
    <Dialog title={t.secretTitle} about={t.secretText} isOpen onOpenChange={(open) => !open && onClose()}>
      <DialogBody>
        <SecretField label={t.secret} secret={secret} fileName="webhook.secret" />
      </DialogBody>
      <DialogActions>
        <Button look="primary" onPress={onClose}>
          {t.done}
        </Button>
      </DialogActions>
    </Dialog>
  );
}

export function RotateSecretDialog({ endpoint, onClose }: { endpoint: GatewayWebhookEndpoint; onClose: () => void }) {
  const t = useWebhookTexts();
  const kit = useKitTexts();
  const [secret, setSecret] = useState<string>();
  const form = useForm({
    send: async (values, key) => {
      const { data } = await gatewayWebhookSecretsRotate({
        path: { endpointId: endpoint.id },
        headers: { 'Idempotency-Key': key },
        body: { overlapHours: Number(values.text('overlapHours')) },
      });
      return data.secret;
    },
    done: (made) => {
      setSecret(made);
      void refresh('gatewayWebhookEndpoints');
    },
  });
  if (secret !== undefined) return <NewSecretDialog secret={secret} onClose={onClose} />;
  return (
    <Dialog
      width="narrow"
      title={t.rotateTitle}
      about={t.rotateText}
      isOpen
      onOpenChange={(open) => !open && onClose()}
    >
      <Form form={form}>
        <DialogBody>
          <FormProblem form={form} />
          <Select
            name="overlapHours"
            label={t.overlap}
            defaultValue="24"
            choices={(['24', '168', '0'] as const).map((id) => ({ id, label: t.overlaps[id] }))}
          />
        </DialogBody>
        <DialogActions>
          <Button onPress={onClose}>{kit.cancel}</Button>
          <SubmitButton form={form}>{t.rotate}</SubmitButton>
        </DialogActions>
      </Form>
    </Dialog>
  );
}
