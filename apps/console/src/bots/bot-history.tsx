import {
  gatewayBotRevisionsCompareOptions,
  gatewayBotRevisionsListOptions,
  type GatewayBot,
  type GatewayBotRevision,
  gatewayBotsRollBack,
} from '@switchboard/api-client';
import {
  Ago,
  Card,
  type Column,
  DataTable,
  Dialog,
  DialogBody,
  notify,
  ProblemState,
  SkeletonLines,
  useConfirm,
  useKitTexts,
} from '@switchboard/ui';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { GitCompare, Undo2 } from 'lucide-react';
import { useState } from 'react';
import { etagOf, refresh, tellProblem } from '../http/api';
import { useStaffNames } from '../staff-names/staff-names';
import { useBotTexts } from './bots.texts';

/** What was changed, by whom and why; each can be compared and gone back to. */
export function BotHistory({ bot, mayWrite }: { bot: GatewayBot; mayWrite: boolean }) {
  const t = useBotTexts();
  const confirm = useConfirm();
  const [after, setAfter] = useState<string>();
  const [compared, setCompared] = useState<number>();
  const { data, error, isFetching, refetch } = useQuery({
    ...gatewayBotRevisionsListOptions({ path: { botId: bot.id }, query: { limit: 25, after } }),
    placeholderData: keepPreviousData,
    enabled: bot.describedBy === 'gateway',
  });
  const rollBack = async (revision: number) => {
    const why = await confirm({
      ...{ title: t.history.rollBackTitle(revision), text: t.history.rollBackText, action: t.history.rollBack },
      reason: { label: t.why, hint: t.whyHint, minLength: 0 },
    });
    if (why === undefined) return;
    await gatewayBotsRollBack({
      path: { botId: bot.id },
      headers: { 'If-Match': etagOf(bot.revision) },
      body: { revision, why: why || undefined },
    })
      .then(() => notify({ text: t.history.rolledBack }))
      .catch(tellProblem);
    await refresh('gatewayBot');
  };
  const nameOf = useStaffNames();
  const columns: Column<GatewayBotRevision>[] = [
    {
      ...{ id: 'what', title: t.history.what, phone: 'main' },
      cell: ({ change, rolledBackTo }) =>
        `${t.history.changes[change as keyof typeof t.history.changes] ?? change}${rolledBackTo ? ` → ${rolledBackTo}` : ''}`,
    },
    { id: 'why', title: t.why, cell: ({ why }) => why },
    { id: 'by', title: t.history.by, width: '160px', cell: ({ by }) => nameOf(by.id) },
    { id: 'when', title: t.history.when, width: '150px', cell: ({ at }) => <Ago at={at} /> },
    {
      id: 'revision',
      title: t.history.revision,
      width: '90px',
      align: 'end',
      cell: ({ revision }) => revision,
      phone: 'state',
    },
  ];
  if (bot.describedBy === 'file') return <p className="note">{t.fileNote}</p>;
  return (
    <Card flush>
      <DataTable
        label={t.tabs.history}
        columns={columns}
        rows={data?.data}
        idOf={({ revision }) => String(revision)}
        nameOf={({ revision }) => `${t.history.revision} ${revision}`}
        onOpen={({ revision }) => setCompared(revision)}
        waiting={isFetching}
        error={error}
        onRetry={() => void refetch()}
        paging={data && { ...data.page, onGo: setAfter }}
        empty={<p className="ui-list-none">{t.history.none}</p>}
        actions={({ revision }) => [
          {
            id: 'all',
            entries: [
              {
                ...{ id: 'compare', label: t.history.compare, icon: <GitCompare /> },
                onAction: () => setCompared(revision),
              },
              ...(mayWrite && String(revision) !== bot.revision
                ? [
                    {
                      ...{ id: 'back', label: t.history.rollBack, icon: <Undo2 /> },
                      onAction: () => void rollBack(revision),
                    },
                  ]
                : []),
            ],
          },
        ]}
      />
      {compared !== undefined && (
        <Comparison botId={bot.id} revision={compared} onClose={() => setCompared(undefined)} />
      )}
    </Card>
  );
}

function Comparison({ botId, revision, onClose }: { botId: string; revision: number; onClose: () => void }) {
  const t = useBotTexts();
  const kit = useKitTexts();
  const { data, error } = useQuery(gatewayBotRevisionsCompareOptions({ path: { botId, revision } }));
  return (
    <Dialog
      look="side"
      width="wide"
      title={t.history.compare}
      about={t.history.against(revision)}
      isOpen
      onOpenChange={(open) => !open && onClose()}
    >
      <DialogBody>
        {error && <ProblemState error={error} />}
        {!data && !error && <SkeletonLines label={kit.loading} />}
        {data?.changes.length === 0 && <p className="soft">{t.history.same}</p>}
        {data && data.changes.length > 0 && (
          <table className="changes">
            <thead>
              <tr>
                <th scope="col">{t.history.field}</th>
                <th scope="col">{t.history.before}</th>
                <th scope="col">{t.history.after}</th>
              </tr>
            </thead>
            <tbody>
              {data.changes.map(({ pointer, before, after }) => (
                <tr key={pointer}>
                  <th scope="row">
                    <code>{pointer.slice(1).replaceAll('/', '.')}</code>
                  </th>
                  <td>{shown(before)}</td>
                  <td>{shown(after)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </DialogBody>
    </Dialog>
  );
}

const shown = (value: unknown): string =>
  value === undefined ? '–' : typeof value === 'string' ? value : JSON.stringify(value, null, 2);
