import { Page, Tabs } from '@switchboard/ui';
import { useSearch } from '@tanstack/react-router';
import { lazyPart } from '../lazy-part';
import { oneOf, useSetSearch } from '../search';
import { AlertList } from './alert-list';
import { useAlertTexts } from './alerts.texts';
import './alerts.css';

const AlertSettings = lazyPart(() => import('./alert-settings'), 'AlertSettings');
const KnownPeriods = lazyPart(() => import('./known-periods'), 'KnownPeriods');

const tabs = ['alerts', 'known', 'settings'] as const;

export function AlertsPage() {
  const t = useAlertTexts();
  const set = useSetSearch();
  const { tab } = useSearch({ from: '/console/alerts' });
  return (
    <Page title={t.title} about={t.about}>
      <Tabs
        label={t.title}
        selected={oneOf(tabs, tab) ?? 'alerts'}
        onSelect={(id) => set({ tab: id === 'alerts' ? undefined : id })}
        tabs={[
          { id: 'alerts', title: t.tabs.alerts, content: <AlertList /> },
          { id: 'known', title: t.tabs.known, content: <KnownPeriods /> },
          { id: 'settings', title: t.tabs.settings, content: <AlertSettings /> },
        ]}
      />
    </Page>
  );
}
