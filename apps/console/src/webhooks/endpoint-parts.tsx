import type { GatewayWebhookEndpoint } from '@switchboard/api-client';
import { Badge, type Tone } from '@switchboard/ui';
import { useWebhookTexts } from './webhooks.texts';

type State = 'enabled' | 'failing' | 'disabled';
const tones: Record<State, Tone> = { enabled: 'good', failing: 'bad', disabled: 'neutral' };

/** Failing is who is enabled and has not answered well since. */
export function stateOf({ state, health }: GatewayWebhookEndpoint): State {
  if (state === 'disabled') return 'disabled';
  return health.failingSince ? 'failing' : 'enabled';
}

export function EndpointState({ endpoint }: { endpoint: GatewayWebhookEndpoint }) {
  const t = useWebhookTexts();
  const state = stateOf(endpoint);
  return (
    <Badge dot tone={tones[state]}>
      {t.states[state]}
    </Badge>
  );
}
