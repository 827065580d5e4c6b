import {
  gatewayStaffSessionsEnd,
  gatewayStaffSessionsEndAll,
  gatewayStaffSessionsListOptions,
  type GatewayStaffSessionsListResponse,
  type GatewayStaffMember,
} from '@switchboard/api-client';
import {
  Ago,
  Button,
  type Column,
  DataTable,
  Dialog,
  DialogActions,
  DialogBody,
  notify,
  useKitTexts,
} from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { LogOut } from 'lucide-react';
import { refresh, tellProblem } from '../http/api';
import { useStaff } from '../session';
import { useStaffTexts } from './staff.texts';

type StaffSession = GatewayStaffSessionsListResponse['data'][number];

/** In which browsers somebody is signed in. */
export function SessionsDialog({ member, onClose }: { member: GatewayStaffMember; onClose: () => void }) {
  const t = useStaffTexts();
  const kit = useKitTexts();
  const mayEnd = useStaff().can('staff:write');
  const path = { staffId: member.id };
  const { data, error, refetch } = useQuery(gatewayStaffSessionsListOptions({ path }));
  const end = async (work: Promise<unknown>) => {
    await work.then(() => notify({ text: t.signedOut })).catch(tellProblem);
    await refresh('gatewayStaffSessions');
  };
  const columns: Column<StaffSession>[] = [
    { id: 'device', title: t.device, cell: ({ device }) => device },
    { id: 'since', title: t.since, width: '130px', cell: ({ createdAt }) => <Ago at={createdAt} />, phone: 'never' },
    { id: 'seen', title: t.seen, width: '130px', cell: ({ seenAt }) => <Ago at={seenAt} /> },
  ];
  return (
    <Dialog width="wide" title={t.sessionsTitle(member.name)} isOpen onOpenChange={(open) => !open && onClose()}>
      <DialogBody>
        <DataTable
          label={t.sessionsTitle(member.name)}
          columns={columns}
          rows={data?.data}
          idOf={({ id }) => id}
          nameOf={({ device }) => device}
          error={error}
          onRetry={() => void refetch()}
          actions={
            mayEnd
              ? ({ id }) => [
                  {
                    id: 'all',
                    entries: [
                      {
                        ...{ id: 'end', label: t.signOut, icon: <LogOut />, look: 'danger' },
                        onAction: () => void end(gatewayStaffSessionsEnd({ path: { ...path, sessionId: id } })),
                      },
                    ],
                  },
                ]
              : undefined
          }
          empty={<p className="ui-list-none">{t.noSessions}</p>}
        />
      </DialogBody>
      <DialogActions>
        <Button onPress={onClose}>{kit.close}</Button>
        {mayEnd && data && data.data.length > 1 && (
          <Button icon={<LogOut />} onPress={() => void end(gatewayStaffSessionsEndAll({ path }))}>
            {t.signOutAll}
          </Button>
        )}
      </DialogActions>
    </Dialog>
  );
}
