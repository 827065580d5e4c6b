import { gatewayAuditEntriesListOwnOptions, type GatewayAuditEntry } from '@switchboard/api-client';
import { Ago, Badge, Card, type Column, DataTable, wordOf } from '@switchboard/ui';
import { useState } from 'react';
import { useActionName, useAuditTexts } from '../audit/audit.texts';
import { useList } from '../list';
import { useAccountTexts } from './account.texts';

/** What whoever is signed in has done, as the audit log has it. */
export function OwnLog() {
  const t = useAccountTexts();
  const results = useAuditTexts().results;
  const nameOf = useActionName();
  const [after, setAfter] = useState<string>();
  const { list } = useList(gatewayAuditEntriesListOwnOptions({ query: { after, limit: 10 } }), setAfter);
  const columns: Column<GatewayAuditEntry>[] = [
    { id: 'action', title: t.action, cell: ({ action }) => <span title={action}>{nameOf(action)}</span> },
    {
      ...{ id: 'result', title: t.result, width: '110px', phone: 'state' },
      cell: ({ result }) => (
        <Badge tone={result === 'done' ? 'good' : result === 'begun' ? 'info' : 'bad'}>{wordOf(results, result)}</Badge>
      ),
    },
    { id: 'at', title: t.when, width: '130px', cell: ({ at }) => <Ago at={at} /> },
  ];
  return (
    <Card title={t.log} about={t.logAbout} flush>
      <DataTable
        label={t.log}
        columns={columns}
        {...list}
        idOf={({ id }) => id}
        nameOf={({ action }) => nameOf(action)}
        empty={<p className="ui-list-none">{t.noLog}</p>}
      />
    </Card>
  );
}
