import { Page, Tabs } from '@switchboard/ui';
import { useSearch } from '@tanstack/react-router';
import { oneOf, useSetSearch } from '../search';
import { AuditChecks } from './audit-checks';
import { AuditEntries } from './audit-entries';
import { useAuditTexts } from './audit.texts';

const tabs = ['entries', 'checks'] as const;

export function AuditPage() {
  const t = useAuditTexts();
  const set = useSetSearch();
  const { tab } = useSearch({ from: '/console/audit' });
  return (
    <Page title={t.title} about={t.about}>
      <Tabs
        label={t.title}
        selected={oneOf(tabs, tab) ?? 'entries'}
        onSelect={(id) => set({ tab: id === 'entries' ? undefined : id })}
        tabs={[
          { id: 'entries', title: t.tabs.entries, content: <AuditEntries /> },
          { id: 'checks', title: t.tabs.checks, content: <AuditChecks /> },
        ]}
      />
    </Page>
  );
}
