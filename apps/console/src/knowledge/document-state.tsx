import type { ChatAiKnowledgeDocument } from '@switchboard/api-client';
import { Badge, type Tone } from '@switchboard/ui';
import { useKnowledgeTexts } from './knowledge.texts';

const tones: Record<ChatAiKnowledgeDocument['state'], Tone> = { waiting: 'info', read: 'good', unread: 'bad' };

/** An entry of the FAQ is called by its question: the title of all of them is the same. */
export const documentName = ({ origin, title, source }: ChatAiKnowledgeDocument): string =>
  origin === 'faq' ? source : title || source;

export function DocumentState({ document: { state, problem } }: { document: ChatAiKnowledgeDocument }) {
  const t = useKnowledgeTexts();
  const isOutdated = state === 'read' && problem;
  return (
    <Badge dot tone={isOutdated ? 'warn' : tones[state]}>
      {isOutdated ? t.documents.outdated : t.documents.states[state]}
    </Badge>
  );
}
