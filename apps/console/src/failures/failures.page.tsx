import { Page, Tabs } from '@switchboard/ui';
import { useSearch } from '@tanstack/react-router';
import { useSetSearch } from '../search';
import { useStaff } from '../session';
import { DeadLetters } from './dead-letters';
import { useFailureTexts } from './failures.texts';
import { QuarantinedEvents } from './quarantined-events';
import { QuarantinedUpdates } from './quarantined-updates';

export function FailuresPage() {
  const t = useFailureTexts();
  const staff = useStaff();
  const set = useSetSearch();
  const { tab } = useSearch({ from: '/console/failures' });
  const tabs = [
    { id: 'events', title: t.tabs.events, needs: 'dead-letters:read', content: <DeadLetters /> },
    { id: 'updates', title: t.tabs.updates, needs: 'updates:read', content: <QuarantinedUpdates /> },
    { id: 'statistics', title: t.tabs.statistics, needs: 'quarantined-events:read', content: <QuarantinedEvents /> },
  ].filter(({ needs }) => staff.can(needs));
  return (
    <Page title={t.title} about={t.about}>
      <Tabs
        label={t.title}
        selected={tabs.find(({ id }) => id === tab)?.id ?? tabs[0]?.id ?? 'events'}
        onSelect={(id) => set({ tab: id, service: undefined, consumer: undefined, type: undefined, reason: undefined })}
        tabs={tabs}
      />
    </Page>
  );
}
