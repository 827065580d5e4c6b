import { type GatewayWebhookEndpoint, gatewayWebhookSecretsRotate } from '@switchboard/api-client';
import { refresh } from '../http/api';
import { NewSecretDialog, RotateDialog } from '../secrets/secret-dialogs';
import { useWebhookTexts } from './webhooks.texts';

const useWords = () => {
  const t = useWebhookTexts();
  return { title: t.secretTitle, about: t.secretText, label: t.secret, fileName: 'webhook.secret' };
};

export const NewWebhookSecretDialog = (props: { secret: string; onClose: () => void }) => (
  <NewSecretDialog words={useWords()} {...props} />
);

export function RotateWebhookSecretDialog({
  endpoint: { id },
  onClose,
}: {
  endpoint: GatewayWebhookEndpoint;
  onClose: () => void;
}) {
  const t = useWebhookTexts();
  const rotate = async (overlapHours: number, key: string) => {
    const { data } = await gatewayWebhookSecretsRotate({
      path: { endpointId: id },
      headers: { 'Idempotency-Key': key },
      body: { overlapHours },
    });
    void refresh('gatewayWebhookEndpoints');
    return data.secret;
  };
  return (
    <RotateDialog
      title={t.rotateTitle}
      about={t.rotateText}
      action={t.rotate}
      overlap={t.overlap}
      overlaps={(['24', '168', '0'] as const).map((hours) => ({ id: hours, label: t.overlaps[hours] }))}
      rotate={rotate}
      made={useWords()}
      onClose={onClose}
    />
  );
}
