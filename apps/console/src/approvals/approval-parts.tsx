import type { GatewayApproval } from '@switchboard/api-client';
import { Badge, type Tone, wordOf } from '@switchboard/ui';
import { useApprovalTexts } from './approvals.texts';

const tones: Record<string, Tone> = {
  pending: 'warn',
  approved: 'info',
  rejected: 'bad',
  used: 'good',
};

export function ApprovalState({ approval: { state } }: { approval: GatewayApproval }) {
  const t = useApprovalTexts();
  return (
    <Badge dot tone={tones[state] ?? 'neutral'}>
      {wordOf(t.states, state)}
    </Badge>
  );
}
