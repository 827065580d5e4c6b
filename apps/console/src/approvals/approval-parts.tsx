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

/** What a request would do, in the person's language where it is one that is known here. */
export function useActName(): (approval: Pick<GatewayApproval, 'route' | 'summary'>) => string {
  const acts: Readonly<Record<string, string>> = useApprovalTexts().acts;
  return ({ route, summary }) => acts[route] ?? summary;
}
