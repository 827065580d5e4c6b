import { paymentsBalancesReadMineOptions, type PaymentsBalancesReadMineResponse } from '@switchboard/api-client';
import {
  ButtonLink,
  Card,
  type Column,
  DataTable,
  Empty,
  Grid,
  Link,
  Moment,
  Page,
  ProblemState,
  Stat,
  useFormats,
  wordOf,
} from '@switchboard/ui';
import { useSearch } from '@tanstack/react-router';
import { Coins } from 'lucide-react';
import { useList } from '../../list';
import { useMyBot } from '../shop/shop.api';
import { useMoneyTexts } from './money.texts';

type Change = PaymentsBalancesReadMineResponse['data'][number];

/** What somebody has on their balance, and how it came to be. */
export function BalancePage() {
  const t = useMoneyTexts().balance;
  const formats = useFormats();
  const botId = useMyBot();
  const { after } = useSearch({ from: '/me/balance' });
  const { data, list } = useList(paymentsBalancesReadMineOptions({ query: { after } }));
  const topUp = botId !== undefined && (
    <ButtonLink href={`/me/buy?what=top-up&bot=${botId}`} look="primary">
      {t.topUp}
    </ButtonLink>
  );
  const balances = data?.balances.filter(({ amountMinor }) => amountMinor > 0);
  const columns: Column<Change>[] = [
    {
      ...{ id: 'cause', title: t.cause },
      cell: ({ cause, orderId }) =>
        orderId ? <Link href={`/me/payments/${orderId}`}>{wordOf(t.causes, cause)}</Link> : wordOf(t.causes, cause),
    },
    {
      ...{ id: 'change', title: t.change, width: '150px', align: 'end', phone: 'state' },
      cell: ({ changeMinor, currency }) =>
        (changeMinor > 0 ? '+' : '') + formats.price({ amountMinor: changeMinor, currency }),
    },
    {
      ...{ id: 'after', title: t.after, width: '150px', align: 'end' },
      cell: ({ balanceMinor, currency }) => formats.price({ amountMinor: balanceMinor, currency }),
    },
    { id: 'at', title: t.at, width: '140px', cell: ({ at }) => <Moment at={at} look="date" /> },
  ];
  return (
    <Page title={t.title} about={t.about} actions={topUp}>
      {balances && balances.length > 0 && (
        <Grid min={160}>
          {balances.map((balance) => (
            <Stat
              key={balance.currency}
              label={t.has(balance.currency === 'XTR' ? '⭐' : balance.currency)}
              value={formats.price(balance)}
            />
          ))}
        </Grid>
      )}
      {list.error && !data ? (
        <ProblemState error={list.error} retry={list.onRetry} />
      ) : (
        <Card title={t.history} flush>
          <DataTable
            {...list}
            label={t.history}
            columns={columns}
            idOf={({ id }) => id}
            nameOf={({ cause }) => wordOf(t.causes, cause)}
            empty={
              <Empty icon={<Coins />} title={t.none} action={topUp}>
                {t.noneText}
              </Empty>
            }
          />
        </Card>
      )}
    </Page>
  );
}
