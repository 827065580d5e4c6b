import * as analytics from './analytics.events';
import * as botAdapterChannels from './bot-adapter.channels.events';
import * as botAdapter from './bot-adapter.events';
import * as chatAiDesk from './chat-ai.desk.events';
import * as chatAi from './chat-ai.events';
import * as chatAiLabels from './chat-ai.labels.events';
import type { EventDefinition, SignalDefinition } from './define-event';
import * as gateway from './gateway.events';
import * as payments from './payments.events';
import * as paymentsGoods from './payments.goods.events';
import * as ttsWorker from './tts-worker.events';
import * as vpnProvisioner from './vpn-provisioner.events';

const exported = [
  analytics,
  botAdapter,
  botAdapterChannels,
  chatAi,
  chatAiDesk,
  chatAiLabels,
  gateway,
  payments,
  paymentsGoods,
  ttsWorker,
  vpnProvisioner,
].flatMap((file) => Object.values(file) as unknown[]);

const isEvent = (value: unknown): value is EventDefinition => typeof value === 'function' && 'subjectField' in value;
const isSignal = (value: unknown): value is SignalDefinition =>
  typeof value === 'object' && value !== null && 'schema' in value && 'personal' in value;

/** Everything any service ever says, in the order of the files. */
export const events: readonly EventDefinition[] = exported.filter(isEvent);
export const signals: readonly SignalDefinition[] = exported.filter(isSignal);
