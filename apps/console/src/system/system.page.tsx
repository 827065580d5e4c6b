import { Page, Tabs } from '@switchboard/ui';
import { useSearch } from '@tanstack/react-router';
import { lazyPart } from '../lazy-part';
import { oneOf, useSetSearch } from '../search';
import { ServiceList } from './service-list';
import { useSystemTexts } from './system.texts';

const AllBackups = lazyPart(() => import('./backups'), 'AllBackups');
const Queues = lazyPart(() => import('./queues'), 'Queues');
const ScheduleList = lazyPart(() => import('./schedule-list'), 'ScheduleList');

const tabs = ['services', 'schedules', 'queues', 'backups'] as const;

export function SystemPage() {
  const t = useSystemTexts();
  const set = useSetSearch();
  const { tab } = useSearch({ from: '/console/system' });
  return (
    <Page title={t.title} about={t.about}>
      <Tabs
        label={t.title}
        selected={oneOf(tabs, tab) ?? 'services'}
        onSelect={(id) => set({ tab: id === 'services' ? undefined : id, service: undefined, q: undefined })}
        tabs={[
          { id: 'services', title: t.tabs.services, content: <ServiceList /> },
          { id: 'schedules', title: t.tabs.schedules, content: <ScheduleList /> },
          { id: 'queues', title: t.tabs.queues, content: <Queues /> },
          { id: 'backups', title: t.tabs.backups, content: <AllBackups /> },
        ]}
      />
    </Page>
  );
}
