import { paymentsTrialsStart } from '@switchboard/api-client';
import { Button, Card, notify } from '@switchboard/ui';
import { useMutation } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { Gift } from 'lucide-react';
import { useState } from 'react';
import { refresh } from '../../http/api';
import type { Shop } from './shop.api';
import { useShopTexts } from './shop.texts';

/** What can be had for free, once. */
export function Trial({ shop: { botId, trial } }: { shop: Shop }) {
  const t = useShopTexts();
  const navigate = useNavigate();
  // What was asked for twice is one trial.
  const [key] = useState(() => crypto.randomUUID());
  const begin = useMutation({
    mutationFn: () => paymentsTrialsStart({ body: { botId }, headers: { 'Idempotency-Key': key } }),
    onSuccess: async () => {
      notify({ text: t.trial.begun });
      await refresh('payments', 'vpnProvisioner');
      await navigate({ to: '/me/subscriptions' });
    },
  });
  if (!trial) return null;
  return (
    <Card title={t.trial.title(t.plan.days(trial.days))} about={t.trial.text}>
      <div>
        <Button look="primary" icon={<Gift />} isPending={begin.isPending} onPress={() => begin.mutate()}>
          {t.trial.start}
        </Button>
      </div>
    </Card>
  );
}
