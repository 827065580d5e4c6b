import { Badge, type Tone, wordOf } from '@switchboard/ui';
import { ThumbsDown, ThumbsUp } from 'lucide-react';
import { useConversationTexts } from './conversations.texts';

const tones: Record<string, Tone> = {
  answered: 'good',
  knowledge_only: 'good',
  stopped: 'neutral',
  not_last: 'neutral',
  decided: 'neutral',
  cut_off: 'warn',
  refused: 'warn',
  rate_limited: 'warn',
  budget_exhausted: 'warn',
};

/** Words that will grow: one that is not known yet is shown as it is. */
export function Outcome({ outcome }: { outcome: string }) {
  const t = useConversationTexts();
  return <Badge tone={tones[outcome] ?? 'bad'}>{wordOf(t.outcomes, outcome)}</Badge>;
}

/** What people said the answers were worth. */
export function Ratings({ good, bad }: { good: number; bad: number }) {
  const t = useConversationTexts();
  return (
    <span className="ratings">
      {good > 0 && (
        <span data-tone="good" title={t.good(good)}>
          <ThumbsUp aria-hidden />
          {good}
          <span className="visually-hidden">{t.good(good)}</span>
        </span>
      )}
      {bad > 0 && (
        <span data-tone="bad" title={t.bad(bad)}>
          <ThumbsDown aria-hidden />
          {bad}
          <span className="visually-hidden">{t.bad(bad)}</span>
        </span>
      )}
    </span>
  );
}
