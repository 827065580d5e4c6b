import { Page, Tabs } from '@switchboard/ui';
import { useSearch } from '@tanstack/react-router';
import { lazyPart } from '../lazy-part';
import { useSetSearch } from '../search';
import { useStaff } from '../session';
import { Accounts } from './accounts';
import { useLedgerTexts } from './ledger.texts';

const Entries = lazyPart(() => import('./entries'), 'Entries');
const Reconciliations = lazyPart(() => import('./reconciliations'), 'Reconciliations');

export function LedgerPage() {
  const t = useLedgerTexts();
  const set = useSetSearch();
  const { tab } = useSearch({ from: '/console/ledger' });
  // The books are those of the company, of which no bot has a part; providers are compared bot by bot.
  const seesAll = useStaff().canWithAllBots('ledger:read');
  const tabs = [
    { id: 'accounts', title: t.tabs.accounts, shown: seesAll, content: <Accounts /> },
    { id: 'entries', title: t.tabs.entries, shown: seesAll, content: <Entries /> },
    { id: 'reconciliations', title: t.tabs.reconciliations, shown: true, content: <Reconciliations /> },
  ].filter(({ shown }) => shown);
  return (
    <Page title={t.title} about={t.about}>
      <Tabs
        label={t.title}
        selected={tabs.find(({ id }) => id === tab)?.id ?? tabs[0]!.id}
        onSelect={(id) => set({ tab: id, state: undefined, bot: undefined, provider: undefined })}
        tabs={tabs}
      />
    </Page>
  );
}
