import { Badge, type Tone } from '@switchboard/ui';
import { useConversationTexts } from './conversations.texts';

const tones: Record<string, Tone> = {
  answered: 'good',
  knowledge_only: 'good',
  stopped: 'neutral',
  not_last: 'neutral',
  cut_off: 'warn',
  refused: 'warn',
  rate_limited: 'warn',
  budget_exhausted: 'warn',
};

/** Words that will grow: one that is not known yet is shown as it is. */
export function Outcome({ outcome }: { outcome: string }) {
  const t = useConversationTexts();
  return <Badge tone={tones[outcome] ?? 'bad'}>{t.outcomes[outcome as keyof typeof t.outcomes] ?? outcome}</Badge>;
}
