import { paymentsLedgerBalanceOptions, type PaymentsLedgerBalanceResponse } from '@switchboard/api-client';
import { Badge, Card, type Column, DataTable, Empty, useFormats } from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { Landmark } from 'lucide-react';
import { Loaded } from '../loaded';
import { useShopWords } from '../shop/shop.texts';
import { useAccountNames } from './entry-table';
import { useLedgerTexts } from './ledger.texts';

type Account = PaymentsLedgerBalanceResponse['accounts'][number];

/** What each account holds, currency by currency. */
export function Accounts() {
  const t = useLedgerTexts();
  const answer = useQuery(paymentsLedgerBalanceOptions());
  return (
    <Loaded answer={answer} lines={8}>
      {({ accounts, unbalanced }) =>
        accounts.length === 0 ? (
          <Card flush>
            <Empty icon={<Landmark />} title={t.noAccounts}>
              {t.noAccountsText}
            </Empty>
          </Card>
        ) : (
          [...Map.groupBy(accounts, ({ currency }) => currency)].map(([currency, rows]) => (
            <OfCurrency key={currency} currency={currency} rows={rows} isBalanced={!unbalanced.includes(currency)} />
          ))
        )
      }
    </Loaded>
  );
}

function OfCurrency({
  currency,
  rows,
  isBalanced,
}: {
  currency: string;
  rows: readonly Account[];
  isBalanced: boolean;
}) {
  const t = useLedgerTexts();
  const words = useShopWords();
  const formats = useFormats();
  const nameOf = useAccountNames();
  const columns: Column<Account>[] = [
    { id: 'account', title: t.account, cell: ({ account }) => nameOf(account) },
    {
      ...{ id: 'amount', title: words.amount, width: '220px', align: 'end', phone: 'state' },
      cell: (account) => formats.money(account),
    },
  ];
  return (
    <Card
      title={currency}
      about={isBalanced ? t.accountsAbout : t.unbalanced}
      actions={isBalanced ? <Badge tone="good">{t.balanced}</Badge> : <Badge tone="bad">≠ 0</Badge>}
      flush
    >
      <DataTable
        label={currency}
        columns={columns}
        rows={rows}
        idOf={({ account }) => account}
        nameOf={({ account }) => nameOf(account)}
      />
    </Card>
  );
}
