import {
  type GatewayAuditVerification,
  gatewayAuditVerificationsListOptions,
  gatewayAuditVerificationsRequest,
} from '@switchboard/api-client';
import {
  Badge,
  Button,
  type Column,
  DataTable,
  Dialog,
  DialogBody,
  Empty,
  Filters,
  Moment,
  notify,
  useFormats,
} from '@switchboard/ui';
import { ShieldCheck } from 'lucide-react';
import { useState } from 'react';
import { refresh, tellProblem } from '../http/api';
import { useList } from '../list';
import { useAuditTexts } from './audit.texts';

/** Whether the log is as it was written: by every night's check and those asked for. */
export function AuditChecks() {
  const t = useAuditTexts();
  const formats = useFormats();
  const [after, setAfter] = useState<string>();
  const [shown, setShown] = useState<GatewayAuditVerification>();
  const { list } = useList(
    {
      ...gatewayAuditVerificationsListOptions({ query: { after, limit: 25 } }),
      refetchInterval: ({ state }) => (state.data?.data.some(({ endedAt }) => endedAt === null) ? 2000 : false),
    },
    setAfter,
  );
  const check = async () => {
    await gatewayAuditVerificationsRequest({ headers: { 'Idempotency-Key': crypto.randomUUID() } })
      .then(() => notify({ tone: 'info', text: t.checking }))
      .catch(tellProblem);
    await refresh('gatewayAuditVerifications');
  };
  const columns: Column<GatewayAuditVerification>[] = [
    { id: 'at', title: t.checkedAt, cell: ({ requestedAt }) => <Moment at={requestedAt} /> },
    {
      ...{ id: 'state', title: t.state, width: '160px', phone: 'state' },
      cell: ({ endedAt, found }) => (
        <Badge dot tone={endedAt === null ? 'info' : found === 0 ? 'good' : 'bad'}>
          {endedAt === null ? t.states.running : found === 0 ? t.states.intact : t.states.broken}
        </Badge>
      ),
    },
    {
      ...{ id: 'entries', title: t.entries, width: '140px', align: 'end' },
      cell: ({ entries }) => formats.number(entries),
    },
    {
      ...{ id: 'found', title: t.findings, width: '120px', align: 'end' },
      cell: ({ found }) => formats.number(found),
    },
  ];
  return (
    <>
      <Filters
        end={
          <Button icon={<ShieldCheck />} onPress={() => void check()}>
            {t.check}
          </Button>
        }
      />
      <DataTable
        label={t.tabs.checks}
        columns={columns}
        {...list}
        idOf={({ id }) => id}
        nameOf={({ requestedAt }) => formats.dateTime(requestedAt)}
        onOpen={setShown}
        toneOf={({ endedAt, found }) => (endedAt !== null && found > 0 ? 'bad' : undefined)}
        empty={
          <Empty icon={<ShieldCheck />} title={t.noChecks}>
            {t.noChecksText}
          </Empty>
        }
      />
      {shown && (
        <Dialog
          look="side"
          title={formats.dateTime(shown.requestedAt)}
          about={shown.found === 0 ? t.states.intact : t.states.broken}
          isOpen
          onOpenChange={(open) => !open && setShown(undefined)}
        >
          <DialogBody>
            <ul className="findings">
              {shown.findings.map(({ kind, message, stream, seq }, i) => (
                <li key={i} data-severity="error">
                  <span>
                    <code>{[kind, stream !== undefined && `${stream}.${seq ?? ''}`].filter(Boolean).join(' ')}</code>{' '}
                    {message}
                  </span>
                </li>
              ))}
            </ul>
          </DialogBody>
        </Dialog>
      )}
    </>
  );
}
