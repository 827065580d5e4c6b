import {
  analyticsBackupsCreate,
  analyticsBackupsListOptions,
  type AnalyticsStatisticsBackup,
} from '@switchboard/api-client';
import {
  Ago,
  Button,
  Card,
  CodeLine,
  type Column,
  DataTable,
  Empty,
  Filters,
  notify,
  useFormats,
} from '@switchboard/ui';
import { useMutation, useQuery } from '@tanstack/react-query';
import { DatabaseBackup } from 'lucide-react';
import { refresh } from '../http/api';
import { useStaff } from '../session';
import { InstallationBackups } from './installation-backups';
import { useBackupTexts } from './installation-backups.texts';
import { useSystemTexts } from './system.texts';

export function AllBackups() {
  const t = useBackupTexts();
  const mayRead = useStaff().can('backups:read');
  if (!mayRead) return <Backups />;
  return (
    <>
      <Card title={t.title}>
        <InstallationBackups />
      </Card>
      <Card title={t.statistics}>
        <Backups />
      </Card>
    </>
  );
}

/** Backups of the statistics. They are restored into an empty database only, so by a verb and not from here. */
function Backups() {
  const t = useSystemTexts();
  const formats = useFormats();
  const mayWrite = useStaff().can('system:write');
  const { data, error, isFetching, refetch } = useQuery(analyticsBackupsListOptions());
  const backUp = useMutation({
    mutationFn: () => analyticsBackupsCreate(),
    onSuccess: () => {
      notify({ text: t.backupMade });
      void refresh('analyticsBackups');
    },
  });
  const button = mayWrite && (
    <Button icon={<DatabaseBackup />} isPending={backUp.isPending} onPress={() => backUp.mutate()}>
      {t.backupNow}
    </Button>
  );
  const columns: Column<AnalyticsStatisticsBackup>[] = [
    { id: 'backup', title: t.backup, cell: ({ id }) => <code>{id}</code> },
    {
      ...{ id: 'rows', title: t.rows, width: '130px', align: 'end' },
      cell: ({ rows }) => formats.number(Object.values(rows).reduce((sum, count) => sum + count, 0)),
    },
    {
      ...{ id: 'size', title: t.size, width: '120px', align: 'end', phone: 'state' },
      cell: ({ bytes }) => formats.bytes(bytes),
    },
    { id: 'made', title: t.made, width: '150px', cell: ({ takenAt }) => <Ago at={takenAt} /> },
  ];
  return (
    <>
      <p className="soft">
        {t.backupsAbout} <CodeLine text="npm run statistics -- restore latest" label={t.copyCommand} />
      </p>
      {data && data.backups.length > 0 && <Filters end={button} />}
      <DataTable
        label={t.tabs.backups}
        columns={columns}
        rows={data?.backups}
        idOf={({ id }) => id}
        nameOf={({ id }) => id}
        waiting={isFetching}
        error={error}
        onRetry={() => void refetch()}
        empty={
          <Empty icon={<DatabaseBackup />} title={t.noBackups} action={button}>
            {t.noBackupsText}
          </Empty>
        }
      />
    </>
  );
}
