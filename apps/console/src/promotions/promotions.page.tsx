import { Page, Tabs } from '@switchboard/ui';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useEffect } from 'react';
import { BotSwitch, rememberBot } from '../bots/bot-scope';
import { lazyPart } from '../lazy-part';
import { useSetSearch } from '../search';
import { OfferList } from './offer-list';
import { usePromotionTexts } from './promotions.texts';

const CampaignList = lazyPart(() => import('./campaign-list'), 'CampaignList');

export function PromotionsPage() {
  const t = usePromotionTexts();
  const { botId } = useParams({ from: '/console/promotions/$botId' });
  const { tab } = useSearch({ from: '/console/promotions/$botId' });
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
          onChange={(id) => void navigate({ to: '/console/promotions/$botId', params: { botId: id }, search: { tab } })}
        />
      }
    >
      <Tabs
        key={botId}
        label={t.title}
        selected={tab === 'campaigns' ? tab : 'offers'}
        onSelect={(id) => set({ tab: id === 'offers' ? undefined : id })}
        tabs={[
          { id: 'offers', title: t.tabs.offers, content: <OfferList botId={botId} /> },
          { id: 'campaigns', title: t.tabs.campaigns, content: <CampaignList botId={botId} /> },
        ]}
      />
    </Page>
  );
}
