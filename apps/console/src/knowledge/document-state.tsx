import type { ChatAiKnowledgeDocument } from '@switchboard/api-client';
import { Badge, type Tone } from '@switchboard/ui';
import { useKnowledgeTexts } from './knowledge.texts';

const tones: Record<ChatAiKnowledgeDocument['state'], Tone> = { waiting: 'info', read: 'good', unread: 'bad' };

export function DocumentState({ document: { state, problem } }: { document: ChatAiKnowledgeDocument }) {
  const t = useKnowledgeTexts();
  const isOutdated = state === 'read' && problem;
  return (
    <Badge dot tone={isOutdated ? 'warn' : tones[state]}>
      {isOutdated ? t.documents.outdated : t.documents.states[state]}
    </Badge>
  );
}
