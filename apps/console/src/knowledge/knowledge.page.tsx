import { Page, Tabs } from '@switchboard/ui';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useEffect } from 'react';
import { BotSwitch, rememberBot } from '../bots/bot-scope';
import { lazyPart } from '../lazy-part';
import { oneOf, useSetSearch } from '../search';
import { Documents } from './documents';
import { useKnowledgeTexts } from './knowledge.texts';
import './knowledge.css';

const Faq = lazyPart(() => import('./faq'), 'Faq');
const KnowledgeSearch = lazyPart(() => import('./knowledge-search'), 'KnowledgeSearch');
const Unanswered = lazyPart(() => import('./unanswered'), 'Unanswered');

const tabs = ['documents', 'faq', 'search', 'unanswered'] as const;

export function KnowledgePage() {
  const t = useKnowledgeTexts();
  const { botId } = useParams({ from: '/console/knowledge/$botId' });
  const { tab } = useSearch({ from: '/console/knowledge/$botId' });
  const set = useSetSearch();
  const navigate = useNavigate();
  useEffect(() => rememberBot(botId), [botId]);
  return (
    <Page
      title={t.title}
      about={t.about}
      actions={
        <BotSwitch
          botId={botId}
          onChange={(id) => void navigate({ to: '/console/knowledge/$botId', params: { botId: id }, search: { tab } })}
        />
      }
    >
      <Tabs
        key={botId}
        label={t.title}
        selected={oneOf(tabs, tab) ?? 'documents'}
        onSelect={(id) => set({ tab: id === 'documents' ? undefined : id, origin: undefined, state: undefined })}
        tabs={[
          { id: 'documents', title: t.tabs.documents, content: <Documents botId={botId} /> },
          { id: 'faq', title: t.tabs.faq, content: <Faq botId={botId} /> },
          { id: 'search', title: t.tabs.search, content: <KnowledgeSearch botId={botId} /> },
          { id: 'unanswered', title: t.tabs.unanswered, content: <Unanswered botId={botId} /> },
        ]}
      />
    </Page>
  );
}
