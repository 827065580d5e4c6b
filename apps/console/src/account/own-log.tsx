import { gatewayAuditEntriesListOwnOptions, type GatewayAuditEntry } from '@switchboard/api-client';
import { Ago, Badge, Card, type Column, DataTable } from '@switchboard/ui';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useActionName, useAuditTexts } from '../audit/audit.texts';
import { useAccountTexts } from './account.texts';

/** What whoever is signed in has done, as the audit log has it. */
export function OwnLog() {
  const t = useAccountTexts();
  const results = useAuditTexts().results;
  const nameOf = useActionName();
  const [after, setAfter] = useState<string>();
  const { data, error, isFetching, refetch } = useQuery({
    ...gatewayAuditEntriesListOwnOptions({ query: { after, limit: 10 } }),
    placeholderData: keepPreviousData,
  });
  const columns: Column<GatewayAuditEntry>[] = [
    { id: 'action', title: t.action, cell: ({ action }) => <span title={action}>{nameOf(action)}</span> },
    {
      ...{ id: 'result', title: t.result, width: '110px', phone: 'state' },
      cell: ({ result }) => (
        <Badge tone={result === 'done' ? 'good' : result === 'begun' ? 'info' : 'bad'}>
          {results[result as keyof typeof results] ?? result}
        </Badge>
      ),
    },
    { id: 'at', title: t.when, width: '130px', cell: ({ at }) => <Ago at={at} /> },
  ];
  return (
    <Card title={t.log} about={t.logAbout} flush>
      <DataTable
        label={t.log}
        columns={columns}
        rows={data?.data}
        idOf={({ id }) => id}
        nameOf={({ action }) => nameOf(action)}
        waiting={isFetching}
        error={error}
        onRetry={() => void refetch()}
        paging={data && { ...data.page, onGo: setAfter }}
        empty={<p className="ui-list-none">{t.noLog}</p>}
      />
    </Card>
  );
}
