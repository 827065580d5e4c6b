import { networkList } from '@switchboard/service-kit';
import { z } from 'zod';

/** Where outgoing webhooks may lead. */
export const webhooksVariables = {
  GATEWAY_WEBHOOK_PRIVATE_NETWORKS: networkList().describe(
    'Networks such as 10.1.0.0/16 that outgoing webhooks may lead to although they are not public, at any port and by plain HTTP.',
  ),
};

const config = z.object(webhooksVariables);
export type WebhooksConfig = z.output<typeof config>;
