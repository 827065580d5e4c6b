import { Page, Tabs } from '@switchboard/ui';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useEffect } from 'react';
import { BotSwitch, rememberBot } from '../bots/bot-scope';
import { lazyPart } from '../lazy-part';
import { useSetSearch } from '../search';
import { useStaff } from '../session';
import { useCatalogueTexts } from './catalogue.texts';
import { PlanList } from './plan-list';
import './catalogue.css';

const PackageList = lazyPart(() => import('./package-list'), 'PackageList');
const PromoList = lazyPart(() => import('./promo-list'), 'PromoList');

export function CataloguePage() {
  const t = useCatalogueTexts();
  const staff = useStaff();
  const { botId } = useParams({ from: '/console/catalogue/$botId' });
  const { tab } = useSearch({ from: '/console/catalogue/$botId' });
  const set = useSetSearch();
  const navigate = useNavigate();
  useEffect(() => rememberBot(botId), [botId]);
  const tabs = [
    { id: 'plans', title: t.tabs.plans, needs: 'catalogue:read', content: <PlanList botId={botId} /> },
    { id: 'packages', title: t.tabs.packages, needs: 'catalogue:read', content: <PackageList botId={botId} /> },
    { id: 'promos', title: t.tabs.promos, needs: 'promotions:read', content: <PromoList botId={botId} /> },
  ].filter(({ needs }) => staff.can(needs, botId));
  return (
    <Page
      title={t.title}
      about={t.about}
      actions={
        <BotSwitch
          botId={botId}
          onChange={(id) => void navigate({ to: '/console/catalogue/$botId', params: { botId: id }, search: { tab } })}
        />
      }
    >
      <Tabs
        key={botId}
        label={t.title}
        selected={tabs.find(({ id }) => id === tab)?.id ?? tabs[0]?.id ?? 'plans'}
        onSelect={(id) => set({ tab: id === 'plans' ? undefined : id, archived: undefined, q: undefined })}
        tabs={tabs}
      />
    </Page>
  );
}
