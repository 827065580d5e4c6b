import type { PaymentsLedgerEntry } from '@switchboard/api-client';
import { Card, type Column, DataTable, Moment, useFormats, wordOf } from '@switchboard/ui';
import { useBotNames } from '../bots/bots.api';
import { useShopWords } from '../shop/shop.texts';
import { useLedgerTexts } from './ledger.texts';

/** What an account is called: `provider:yookassa`, `sales:shop`, `customer`. */
export function useAccountNames(): (account: string) => string {
  const t = useLedgerTexts();
  const words = useShopWords();
  const nameOfBot = useBotNames();
  const named: Readonly<Record<string, (name: string) => string>> = t.accountsOf;
  return (account) => {
    const [kind = '', ...rest] = account.split(':');
    const of = rest.join(':');
    const isOfBot = kind === 'sales' || kind === 'rewards';
    return named[kind]?.(isOfBot ? nameOfBot(of) : wordOf(words.providers, of)) ?? wordOf(t.accounts, account);
  };
}

export function useEntryColumns(): Column<PaymentsLedgerEntry>[] {
  const t = useLedgerTexts();
  const words = useShopWords();
  const formats = useFormats();
  const nameOf = useAccountNames();
  return [
    { id: 'reason', title: t.reason, width: '120px', cell: ({ reason }) => wordOf(t.reasons, reason) },
    { id: 'from', title: t.from, cell: ({ from }) => <span className="wrapped">{nameOf(from)}</span> },
    { id: 'to', title: t.to, cell: ({ to }) => <span className="wrapped">{nameOf(to)}</span> },
    {
      ...{ id: 'amount', title: words.amount, width: '130px', align: 'end', phone: 'state' },
      cell: (entry) => formats.money(entry),
    },
    { id: 'at', title: t.at, width: '200px', cell: ({ at }) => <Moment at={at} /> },
  ];
}

/** What was booked for one thing. */
export function EntryTable({ entries }: { entries: readonly PaymentsLedgerEntry[] }) {
  const t = useLedgerTexts();
  return (
    <Card title={t.booked} flush>
      <DataTable
        label={t.booked}
        columns={useEntryColumns()}
        rows={entries}
        idOf={({ id }) => id}
        nameOf={({ reason }) => wordOf(t.reasons, reason)}
        empty={<p className="ui-list-none">{t.notBooked}</p>}
      />
    </Card>
  );
}
