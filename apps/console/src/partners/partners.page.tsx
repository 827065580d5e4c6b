import { Page, Tabs } from '@switchboard/ui';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useEffect } from 'react';
import { BotSwitch, rememberBot } from '../bots/bot-scope';
import { lazyPart } from '../lazy-part';
import { useSetSearch } from '../search';
import { useStaff } from '../session';
import { PartnerList } from './partner-list';
import { usePartnerTexts } from './partners.texts';

const Terms = lazyPart(() => import('./terms'), 'Terms');

export function PartnersPage() {
  const t = usePartnerTexts();
  const staff = useStaff();
  const { botId } = useParams({ from: '/console/partners/$botId' });
  const { tab } = useSearch({ from: '/console/partners/$botId' });
  const set = useSetSearch();
  const navigate = useNavigate();
  useEffect(() => rememberBot(botId), [botId]);
  const tabs = [
    { id: 'partners', title: t.tabs.partners, needs: 'partners:read', content: <PartnerList botId={botId} /> },
    { id: 'terms', title: t.tabs.terms, needs: 'shop-terms:read', content: <Terms botId={botId} /> },
  ].filter(({ needs }) => staff.can(needs, botId));
  return (
    <Page
      title={t.title}
      about={t.about}
      actions={
        <BotSwitch
          botId={botId}
          onChange={(id) => void navigate({ to: '/console/partners/$botId', params: { botId: id }, search: { tab } })}
        />
      }
    >
      <Tabs
        key={botId}
        label={t.title}
        selected={tabs.find(({ id }) => id === tab)?.id ?? tabs[0]?.id ?? 'partners'}
        onSelect={(id) => set({ tab: id === 'partners' ? undefined : id })}
        tabs={tabs}
      />
    </Page>
  );
}
