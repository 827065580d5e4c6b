import { analyticsApp } from '@switchboard/analytics';
import { botAdapterApp } from '@switchboard/bot-adapter';
import { chatAiApp } from '@switchboard/chat-ai';
import { gatewayApp } from '@switchboard/gateway';
import { paymentsApp } from '@switchboard/payments';
import { ttsWorkerApp } from '@switchboard/tts-worker';
import { vpnProvisionerApp } from '@switchboard/vpn-provisioner';

/** All there are; `npm run new:service` adds to them. */
export const services = [
  botAdapterApp,
  chatAiApp,
  ttsWorkerApp,
  gatewayApp,
  analyticsApp,
  paymentsApp,
  vpnProvisionerApp,
];
