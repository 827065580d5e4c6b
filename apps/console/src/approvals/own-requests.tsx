import {
  gatewayAccountListApprovalsOptions,
  gatewayAccountWithdrawApproval,
  type GatewayApproval,
} from '@switchboard/api-client';
import {
  Ago,
  Button,
  CodeBlock,
  type Column,
  DataTable,
  Dialog,
  DialogActions,
  DialogBody,
  Empty,
  type MenuEntry,
  notify,
} from '@switchboard/ui';
import { Play, Stamp, Undo2 } from 'lucide-react';
import { useState } from 'react';
import { queryClient, refresh, tellProblem } from '../http/api';
import { sendApproved, waitingRequests } from '../http/fetch-with-approval';
import { useList } from '../list';
import { useStaff } from '../session';
import { ApprovalState, useActName } from './approval-parts';
import { useApprovalTexts } from './approvals.texts';

/** What whoever is signed in has asked for; what was approved is done from here. */
export function OwnRequests() {
  const t = useApprovalTexts();
  const staff = useStaff();
  const actName = useActName();
  const [after, setAfter] = useState<string>();
  const [answer, setAnswer] = useState<string>();
  const { list } = useList(gatewayAccountListApprovalsOptions({ query: { after, limit: 25 } }), setAfter);
  const withdraw = async ({ id }: GatewayApproval) => {
    await gatewayAccountWithdrawApproval({ path: { approvalId: id } })
      .then(() => {
        waitingRequests.forget(staff.id, id);
        notify({ text: t.withdrawn });
      })
      .catch(tellProblem);
    await refresh('gatewayAccountListApprovals', 'gatewayApprovals');
  };
  const doIt = async ({ id }: GatewayApproval) => {
    const request = waitingRequests.find(staff.id, id);
    if (!request) return notify({ tone: 'info', text: t.elsewhere });
    const response = await sendApproved(staff.id, request).catch(tellProblem);
    if (!response) return;
    const text = await response.text();
    if (!response.ok) return tellProblem(asProblem(text, response));
    notify({ text: t.done });
    if (text) setAnswer(text);
    // It may have changed anything.
    await queryClient.invalidateQueries();
  };
  const entriesOf = (approval: GatewayApproval): MenuEntry[] => [
    ...(approval.state === 'approved'
      ? [{ id: 'do', label: t.doIt, icon: <Play />, onAction: () => void doIt(approval) }]
      : []),
    ...(['pending', 'approved'].includes(approval.state)
      ? [{ id: 'withdraw', label: t.withdraw, icon: <Undo2 />, onAction: () => void withdraw(approval) }]
      : []),
  ];
  const columns: Column<GatewayApproval>[] = [
    { id: 'what', title: t.what, cell: actName },
    {
      ...{ id: 'state', title: t.state, width: '130px', phone: 'state' },
      cell: (approval) => <ApprovalState approval={approval} />,
    },
    { id: 'by', title: t.decidedBy, width: '160px', cell: ({ decidedBy }) => decidedBy?.name },
    { id: 'comment', title: t.comment, cell: ({ comment }) => comment, phone: 'more' },
    { id: 'when', title: t.when, width: '130px', cell: ({ requestedAt }) => <Ago at={requestedAt} /> },
  ];
  return (
    <>
      <DataTable
        label={t.tabs.own}
        columns={columns}
        {...list}
        idOf={({ id }) => id}
        nameOf={actName}
        actions={(approval) => [{ id: 'all', entries: entriesOf(approval) }]}
        toneOf={({ state }) => (state === 'approved' ? 'accent' : undefined)}
        empty={<Empty icon={<Stamp />} title={t.none} />}
      />
      {answer !== undefined && (
        <Dialog title={t.answer} about={t.answerText} isOpen onOpenChange={(open) => !open && setAnswer(undefined)}>
          <DialogBody>
            <CodeBlock label={t.answer} text={indented(answer)} />
          </DialogBody>
          <DialogActions>
            <Button look="primary" onPress={() => setAnswer(undefined)}>
              {t.close}
            </Button>
          </DialogActions>
        </Dialog>
      )}
    </>
  );
}

function asProblem(text: string, { status, statusText }: Response): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return { title: statusText || `HTTP ${status}`, status, code: `http_${status}` };
  }
}

function indented(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
