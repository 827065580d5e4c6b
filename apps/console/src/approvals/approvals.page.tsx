import {
  type GatewayApproval,
  type GatewayApprovalDetails,
  gatewayApprovalsApprove,
  gatewayApprovalsListOptions,
  gatewayApprovalsReadOptions,
  gatewayApprovalsReject,
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
  Facts,
  Link,
  Moment,
  notify,
  Page,
  Tabs,
  useConfirm,
  useFormats,
} from '@switchboard/ui';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { Check, Stamp, X } from 'lucide-react';
import { refresh } from '../http/api';
import { BotName } from '../bots/bot-parts';
import { useList } from '../list';
import { Loaded } from '../loaded';
import { oneOf, useSetSearch } from '../search';
import { useStaff } from '../session';
import { ApprovalState, useActName } from './approval-parts';
import { useApprovalTexts } from './approvals.texts';
import { OwnRequests } from './own-requests';

const tabs = ['pending', 'all', 'own'] as const;
const LOOK_EVERY_MS = 15_000;

export function ApprovalsPage() {
  const t = useApprovalTexts();
  const set = useSetSearch();
  const { tab } = useSearch({ from: '/console/approvals' });
  return (
    <Page title={t.title} about={t.about}>
      <Tabs
        label={t.title}
        selected={oneOf(tabs, tab) ?? 'pending'}
        onSelect={(id) => set({ tab: id === 'pending' ? undefined : id })}
        tabs={[
          { id: 'pending', title: t.tabs.pending, content: <Approvals state="pending" /> },
          { id: 'all', title: t.tabs.all, content: <Approvals /> },
          { id: 'own', title: t.tabs.own, content: <OwnRequests /> },
        ]}
      />
    </Page>
  );
}

function Approvals({ state }: { state?: 'pending' }) {
  const t = useApprovalTexts();
  const actName = useActName();
  const set = useSetSearch();
  const search = useSearch({ from: '/console/approvals' });
  const { list } = useList({
    ...gatewayApprovalsListOptions({ query: { state, after: search.after, limit: 50 } }),
    refetchInterval: state ? LOOK_EVERY_MS : false,
  });
  const columns: Column<GatewayApproval>[] = [
    { id: 'what', title: t.what, cell: actName },
    {
      ...{ id: 'state', title: t.state, width: '130px', phone: 'state' },
      cell: (approval) => <ApprovalState approval={approval} />,
    },
    { id: 'who', title: t.who, width: '190px', cell: ({ requestedBy }) => requestedBy.name },
    { id: 'when', title: t.when, width: '130px', cell: ({ requestedAt }) => <Ago at={requestedAt} /> },
  ];
  return (
    <>
      <DataTable
        label={t.title}
        columns={columns}
        {...list}
        idOf={({ id }) => id}
        nameOf={actName}
        onOpen={({ id }) => set({ approval: id }, { keepsPage: true })}
        toneOf={({ mayDecide }) => (mayDecide ? 'accent' : undefined)}
        empty={
          state ? (
            <Empty icon={<Stamp />} title={t.noneWaiting}>
              {t.noneWaitingText}
            </Empty>
          ) : (
            <Empty icon={<Stamp />} title={t.none} />
          )
        }
      />
      {search.approval && (
        <DecisionDialog
          approvalId={search.approval}
          onClose={() => set({ approval: undefined }, { keepsPage: true })}
        />
      )}
    </>
  );
}

/** What exactly is asked for, and the decision. */
function DecisionDialog({ approvalId, onClose }: { approvalId: string; onClose: () => void }) {
  const t = useApprovalTexts();
  const confirm = useConfirm();
  const actName = useActName();
  const mayWrite = useStaff().can('approvals:write');
  const path = { approvalId };
  const answer = useQuery(gatewayApprovalsReadOptions({ path }));
  const { data } = answer;
  const decide = useMutation({
    mutationFn: async (how: 'approve' | 'reject') => {
      if (how === 'approve') return void (await gatewayApprovalsApprove({ path, body: {} }));
      const comment = await confirm({
        ...{ title: t.rejectTitle, text: data && actName(data), action: t.reject, look: 'danger' },
        reason: { label: t.rejectReason, hint: t.rejectHint, minLength: 1 },
      });
      if (comment === undefined) return 'changed their mind';
      await gatewayApprovalsReject({ path, body: { comment } });
      return undefined;
    },
    onSuccess: (left, how) => {
      if (left) return;
      notify({ text: how === 'approve' ? t.approved : t.rejected });
      void refresh('gatewayApprovals');
      onClose();
    },
  });
  return (
    <Dialog
      look="side"
      width="wide"
      title={data ? actName(data) : t.title}
      isOpen
      onOpenChange={(open) => !open && onClose()}
    >
      <DialogBody>
        <Loaded answer={answer} lines={6}>
          {(approval) => <Request approval={approval} />}
        </Loaded>
      </DialogBody>
      {data?.mayDecide && mayWrite && (
        <DialogActions>
          <Button
            look="danger-quiet"
            icon={<X />}
            isDisabled={decide.isPending}
            onPress={() => decide.mutate('reject')}
          >
            {t.reject}
          </Button>
          <Button look="primary" icon={<Check />} isPending={decide.isPending} onPress={() => decide.mutate('approve')}>
            {t.approve}
          </Button>
        </DialogActions>
      )}
    </Dialog>
  );
}

/** What is asked for of money, where it is: whoever decides shall not have to count digits. */
interface AskedMoney {
  readonly amountMinor?: number;
  /** Of a balance: what is taken away is below zero. */
  readonly changeMinor?: number;
  readonly currency?: string;
  readonly reason?: string;
}

function Request({ approval }: { approval: GatewayApprovalDetails }) {
  const t = useApprovalTexts();
  const formats = useFormats();
  const { changeMinor, amountMinor = changeMinor, currency, reason } = (approval.body ?? {}) as AskedMoney;
  const [, orderId] = /\/orders\/([0-9a-f-]{36})\//.exec(approval.path) ?? [];
  return (
    <>
      <Facts
        facts={[
          [t.state, <ApprovalState key="state" approval={approval} />],
          [t.who, approval.requestedBy.name],
          [t.when, <Moment key="when" at={approval.requestedAt} />],
          [t.until, approval.state === 'pending' && <Moment key="until" at={approval.expiresAt} />],
          [t.bot, approval.botId && <BotName key="bot" botId={approval.botId} />],
          [t.amount, amountMinor !== undefined && currency && formats.money({ amountMinor, currency })],
          [t.reason, reason],
          [
            t.order,
            orderId && (
              <Link key="order" href={`/console/orders/${orderId}`}>
                {t.toOrder}
              </Link>
            ),
          ],
          [
            t.request,
            <code key="request">
              {approval.method} {approval.path}
            </code>,
          ],
          [t.decidedBy, approval.decidedBy?.name],
          [t.decidedAt, approval.decidedAt && <Moment key="decided" at={approval.decidedAt} />],
          [t.comment, approval.comment],
        ]}
      />
      {approval.body !== undefined && approval.body !== null && (
        <CodeBlock label={t.payload} text={JSON.stringify(approval.body, null, 2)} />
      )}
      {approval.state === 'pending' && <p className="note">{approval.mayDecide ? t.approveText : t.notYours}</p>}
    </>
  );
}
