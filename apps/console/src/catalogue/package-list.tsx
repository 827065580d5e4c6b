import { type PaymentsPackage, paymentsPackagesChange, paymentsPackagesListOptions } from '@switchboard/api-client';
import { Badge, Button, type Column, DataTable, Empty, Filters, notify, Switch, useLanguage } from '@switchboard/ui';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { Archive, ArchiveRestore, PackagePlus, Pencil, Plus } from 'lucide-react';
import { useState } from 'react';
import { etagOf, refresh, tellProblem } from '../http/api';
import { useSetSearch } from '../search';
import { useStaff } from '../session';
import { useSums } from '../shop/shop-parts';
import { useCatalogueTexts } from './catalogue.texts';
import { useFeatureWords } from './features';
import { PackageDialog } from './package-dialog';

export function PackageList({ botId }: { botId: string }) {
  const t = useCatalogueTexts();
  const { language } = useLanguage();
  const { summaryOf } = useFeatureWords();
  const sumsOf = useSums();
  const set = useSetSearch();
  const { archived } = useSearch({ from: '/console/catalogue/$botId' });
  const mayWrite = useStaff().can('catalogue:write', botId);
  const [open, setOpen] = useState<PaymentsPackage | 'new'>();
  const { data, error, refetch, isPlaceholderData } = useQuery({
    ...paymentsPackagesListOptions({ query: { botId, archived: archived ? 'true' : 'false' } }),
    placeholderData: keepPreviousData,
  });
  const sell = async ({ id, revision }: PaymentsPackage, isSold: boolean) => {
    await paymentsPackagesChange({
      path: { packageId: id },
      headers: { 'If-Match': etagOf(revision) },
      body: { archived: !isSold },
    })
      .then(() => notify({ text: isSold ? t.isSold : t.isArchived }))
      .catch(tellProblem);
    await refresh('paymentsPackages');
  };
  const newButton = mayWrite && (
    <Button look="primary" icon={<Plus />} onPress={() => setOpen('new')}>
      {t.newPackage}
    </Button>
  );
  const columns: Column<PaymentsPackage>[] = [
    {
      ...{ id: 'name', title: t.package },
      cell: ({ name, adds }) => (
        <span className="two-lines" title={summaryOf(adds)}>
          <span>{name[language]}</span>
          <small>{summaryOf(adds)}</small>
        </span>
      ),
    },
    ...(archived
      ? [
          {
            ...{ id: 'state', title: t.state, width: '140px', phone: 'state' as const },
            cell: (one: PaymentsPackage) => one.archived && <Badge>{t.archived}</Badge>,
          },
        ]
      : []),
    {
      ...{ id: 'prices', title: t.prices, width: '260px' },
      cell: ({ prices }) => sumsOf(prices),
    },
    { id: 'lasts', title: t.lasts, width: '250px', cell: ({ lasts }) => t.lastsFor[lasts] },
  ];
  return (
    <>
      <Filters alwaysOpen end={newButton}>
        <Switch isSelected={archived === '1'} onChange={(on) => set({ archived: on ? '1' : undefined })}>
          {t.withArchived}
        </Switch>
      </Filters>
      <DataTable
        label={t.tabs.packages}
        columns={columns}
        rows={data?.data}
        waiting={isPlaceholderData}
        error={error}
        onRetry={() => void refetch()}
        idOf={({ id }) => id}
        nameOf={({ name }) => name[language]}
        actions={
          mayWrite
            ? (one) => [
                {
                  id: 'changes',
                  entries: [
                    { id: 'change', label: t.change, icon: <Pencil />, onAction: () => setOpen(one) },
                    one.archived
                      ? {
                          ...{ id: 'sell', label: t.sellAgain, icon: <ArchiveRestore /> },
                          onAction: () => void sell(one, true),
                        }
                      : {
                          ...{ id: 'archive', label: t.archive, icon: <Archive /> },
                          onAction: () => void sell(one, false),
                        },
                  ],
                },
              ]
            : undefined
        }
        empty={
          <Empty icon={<PackagePlus />} title={t.noPackages} action={newButton}>
            {t.noPackagesText}
          </Empty>
        }
      />
      {open && (
        <PackageDialog botId={botId} present={open === 'new' ? undefined : open} onClose={() => setOpen(undefined)} />
      )}
    </>
  );
}
