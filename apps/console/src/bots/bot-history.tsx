import {
  gatewayBotRevisionsCompareOptions,
  type GatewayBotRevisionsCompareResponse,
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
  Facts,
  Moment,
  notify,
  useConfirm,
  wordOf,
} from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { GitCompare, Undo2 } from 'lucide-react';
import { useState } from 'react';
import { etagOf, refresh, tellProblem } from '../http/api';
import { StaffName } from '../staff-names/staff-names';
import { useList } from '../list';
import { Loaded } from '../loaded';
import { useBotHistoryTexts } from './bot-history.texts';
import { useBotTexts } from './bots.texts';

/** Since when there is the bot, and what was changed, by whom and why; each can be compared and gone back to. */
export function BotHistory({ bot, mayWrite }: { bot: GatewayBot; mayWrite: boolean }) {
  const t = useBotTexts();
  const history = useBotHistoryTexts();
  return (
    <>
      {bot.createdAt && (
        <Facts
          facts={[
            [t.id, <code key="id">{bot.id}</code>],
            [history.changes.created, <Moment key="at" at={bot.createdAt} />],
          ]}
        />
      )}
      {bot.describedBy === 'file' ? <p className="note">{t.fileNote}</p> : <Revisions bot={bot} mayWrite={mayWrite} />}
    </>
  );
}

function Revisions({ bot, mayWrite }: { bot: GatewayBot; mayWrite: boolean }) {
  const t = useBotTexts();
  const history = useBotHistoryTexts();
  const confirm = useConfirm();
  const [after, setAfter] = useState<string>();
  const [compared, setCompared] = useState<number>();
  const { list } = useList(
    gatewayBotRevisionsListOptions({ path: { botId: bot.id }, query: { limit: 25, after } }),
    setAfter,
  );
  const rollBack = async (revision: number) => {
    const why = await confirm({
      ...{ title: history.rollBackTitle(revision), text: history.rollBackText, action: history.rollBack },
      reason: { label: t.why, hint: t.whyHint, minLength: 0 },
    });
    if (why === undefined) return;
    await gatewayBotsRollBack({
      path: { botId: bot.id },
      headers: { 'If-Match': etagOf(bot.revision) },
      body: { revision, why: why || undefined },
    })
      .then(() => notify({ text: history.rolledBack }))
      .catch(tellProblem);
    await refresh('gatewayBot');
  };
  const columns: Column<GatewayBotRevision>[] = [
    {
      ...{ id: 'what', title: history.what, phone: 'main' },
      cell: ({ change, rolledBackTo }) =>
        `${wordOf(history.changes, change)}${rolledBackTo ? ` → ${rolledBackTo}` : ''}`,
    },
    { id: 'why', title: t.why, cell: ({ why }) => why },
    { id: 'by', title: history.by, width: '160px', cell: ({ by }) => <StaffName id={by.id} /> },
    { id: 'when', title: history.when, width: '150px', cell: ({ at }) => <Ago at={at} /> },
    {
      id: 'revision',
      title: history.revision,
      width: '90px',
      align: 'end',
      cell: ({ revision }) => revision,
      phone: 'state',
    },
  ];
  return (
    <Card flush>
      <DataTable
        label={t.tabs.history}
        columns={columns}
        {...list}
        idOf={({ revision }) => String(revision)}
        nameOf={({ revision }) => `${history.revision} ${revision}`}
        onOpen={({ revision }) => setCompared(revision)}
        empty={<p className="ui-list-none">{history.none}</p>}
        actions={({ revision }) => [
          {
            id: 'all',
            entries: [
              {
                ...{ id: 'compare', label: history.compare, icon: <GitCompare /> },
                onAction: () => setCompared(revision),
              },
              ...(mayWrite && String(revision) !== bot.revision
                ? [
                    {
                      ...{ id: 'back', label: history.rollBack, icon: <Undo2 /> },
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
  const history = useBotHistoryTexts();
  const answer = useQuery(gatewayBotRevisionsCompareOptions({ path: { botId, revision } }));
  return (
    <Dialog
      look="side"
      width="wide"
      title={history.compare}
      about={history.against(revision)}
      isOpen
      onOpenChange={(open) => !open && onClose()}
    >
      <DialogBody>
        <Loaded answer={answer}>
          {({ changes }) =>
            changes.length > 0 ? <Changes changes={changes} /> : <p className="soft">{history.same}</p>
          }
        </Loaded>
      </DialogBody>
    </Dialog>
  );
}

function Changes({ changes }: Pick<GatewayBotRevisionsCompareResponse, 'changes'>) {
  const history = useBotHistoryTexts();
  return (
    <table className="changes">
      <thead>
        <tr>
          <th scope="col">{history.field}</th>
          <th scope="col">{history.before}</th>
          <th scope="col">{history.after}</th>
        </tr>
      </thead>
      <tbody>
        {changes.map(({ pointer, before, after }) => (
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
  );
}

const shown = (value: unknown): string =>
  value === undefined ? '–' : typeof value === 'string' ? value : JSON.stringify(value, null, 2);
