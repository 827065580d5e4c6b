import { Page, Tabs } from '@switchboard/ui';
import { useSearch } from '@tanstack/react-router';
import { oneOf, useSetSearch } from '../search';
import { Backups } from './backups';
import { Queues } from './queues';
import { ScheduleList } from './schedule-list';
import { ServiceList } from './service-list';
import { useSystemTexts } from './system.texts';

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
          { id: 'backups', title: t.tabs.backups, content: <Backups /> },
        ]}
      />
    </Page>
  );
}
