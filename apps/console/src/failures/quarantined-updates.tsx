import {
  type BotAdapterQuarantinedUpdate,
  botAdapterQuarantinedUpdatesDiscard,
  botAdapterQuarantinedUpdatesListOptions,
  botAdapterQuarantinedUpdatesReadOptions,
  botAdapterQuarantinedUpdatesReplay,
  botAdapterQuarantinedUpdatesReplayOne,
} from '@switchboard/api-client';
import {
  Ago,
  Button,
  CodeBlock,
  CodeLine,
  type Column,
  DataTable,
  Dialog,
  DialogActions,
  DialogBody,
  Empty,
  Facts,
  Filters,
  Moment,
  notify,
  ProblemLine,
  useConfirm,
} from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { CheckCheck, Eye, RotateCcw, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { reasonHeader, refresh, tellProblem } from '../http/api';
import { BotFilter, BotName } from '../bots/bot-parts';
import { useReason } from '../reason/reason';
import { useList } from '../list';
import { useSetSearch } from '../search';
import { useStaff } from '../session';
import { useFailureTexts } from './failures.texts';

/** Updates of channels that could not be processed. */
export function QuarantinedUpdates() {
  const t = useFailureTexts();
  const confirm = useConfirm();
  const mayReplay = useStaff().can('updates:replay');
  const { bot, after } = useSearch({ from: '/console/failures' });
  const set = useSetSearch();
  const [shown, setShown] = useState<BotAdapterQuarantinedUpdate>();
  const { data, list } = useList(botAdapterQuarantinedUpdatesListOptions({ query: { botId: bot, after, limit: 50 } }));
  const replayed = async (work: Promise<{ data: { processed: number; failed: number } }>) => {
    await work
      .then(({ data: { processed, failed } }) =>
        notify({ tone: failed > 0 ? 'bad' : 'good', text: t.updates.replayed(processed, failed) }),
      )
      .catch(tellProblem);
    setShown(undefined);
    await refresh('botAdapterQuarantined');
  };
  const replay = ({ botId, updateId }: BotAdapterQuarantinedUpdate) =>
    void replayed(botAdapterQuarantinedUpdatesReplayOne({ path: { botId, updateId } }));
  const discard = async ({ botId, updateId }: BotAdapterQuarantinedUpdate) => {
    const why = await confirm({
      ...{ title: t.updates.discardTitle, text: t.updates.discardText, action: t.discard, look: 'danger' },
      reason: { label: t.why, hint: t.whyHint },
    });
    if (why === undefined) return;
    await botAdapterQuarantinedUpdatesDiscard({ path: { botId, updateId }, body: { why } })
      .then(() => notify({ text: t.updates.discarded }))
      .catch(tellProblem);
    setShown(undefined);
    await refresh('botAdapterQuarantined');
  };
  const columns: Column<BotAdapterQuarantinedUpdate>[] = [
    { id: 'failure', title: t.failure, cell: ({ failure }) => failure },
    { id: 'bot', title: t.bot, width: '220px', cell: ({ botId }) => <BotName botId={botId} /> },
    { id: 'id', title: t.updates.updateId, width: '160px', cell: ({ updateId }) => <code>{updateId}</code> },
    { id: 'at', title: t.received, width: '140px', cell: ({ receivedAt }) => <Ago at={receivedAt} /> },
  ];
  return (
    <>
      <Filters
        set={bot ? 1 : 0}
        end={
          mayReplay &&
          data &&
          data.data.length > 0 && (
            <Button
              icon={<RotateCcw />}
              onPress={() => void replayed(botAdapterQuarantinedUpdatesReplay({ query: { botId: bot } }))}
            >
              {t.updates.replayBot}
            </Button>
          )
        }
      >
        <BotFilter value={bot} onChange={(id) => set({ bot: id })} />
      </Filters>
      <DataTable
        label={t.tabs.updates}
        columns={columns}
        {...list}
        idOf={({ botId, updateId }) => `${botId} ${updateId}`}
        nameOf={({ updateId }) => updateId}
        onOpen={setShown}
        empty={
          <Empty icon={<CheckCheck />} title={t.updates.none}>
            {t.updates.noneText}
          </Empty>
        }
        actions={
          mayReplay
            ? (update) => [
                {
                  id: 'all',
                  entries: [
                    {
                      ...{ id: 'replay', label: t.updates.replayOne, icon: <RotateCcw /> },
                      onAction: () => replay(update),
                    },
                    {
                      ...{ id: 'discard', label: t.discard, icon: <Trash2 />, look: 'danger' },
                      onAction: () => void discard(update),
                    },
                  ],
                },
              ]
            : undefined
        }
      />
      {shown && (
        <UpdateDialog
          update={shown}
          onClose={() => setShown(undefined)}
          onReplay={mayReplay ? () => replay(shown) : undefined}
          onDiscard={mayReplay ? () => void discard(shown) : undefined}
        />
      )}
    </>
  );
}

function UpdateDialog({
  update: { botId, updateId, failure, receivedAt, content },
  onClose,
  onReplay,
  onDiscard,
}: {
  update: BotAdapterQuarantinedUpdate;
  onClose: () => void;
  onReplay?: () => void;
  onDiscard?: () => void;
}) {
  const t = useFailureTexts();
  const [reason, askReason] = useReason(`update ${botId} ${updateId}`, {
    title: t.updates.revealTitle,
    text: t.updates.revealText,
    action: t.updates.reveal,
    label: t.why,
    hint: t.whyHint,
  });
  const full = useQuery({
    ...botAdapterQuarantinedUpdatesReadOptions({ path: { botId, updateId }, headers: reasonHeader(reason ?? '') }),
    enabled: reason !== undefined,
    gcTime: 0,
  });
  return (
    <Dialog look="side" width="wide" title={failure} isOpen onOpenChange={(open) => !open && onClose()}>
      <DialogBody>
        <Facts
          facts={[
            [t.bot, <BotName key="bot" botId={botId} />],
            [t.updates.updateId, <CodeLine key="id" text={updateId} />],
            [t.received, <Moment key="at" at={receivedAt} />],
          ]}
        />
        {full.error && <ProblemLine error={full.error} />}
        <CodeBlock
          label={full.data ? t.event : t.updates.content}
          text={JSON.stringify(full.data?.content ?? content, null, 2)}
          maxHeight={480}
        />
        {reason === undefined && (
          <div>
            <Button size="small" icon={<Eye />} onPress={() => void askReason()}>
              {t.updates.reveal}
            </Button>
          </div>
        )}
      </DialogBody>
      {onReplay && (
        <DialogActions>
          <Button look="danger-quiet" icon={<Trash2 />} onPress={onDiscard}>
            {t.discard}
          </Button>
          <Button look="primary" icon={<RotateCcw />} onPress={onReplay}>
            {t.updates.replayOne}
          </Button>
        </DialogActions>
      )}
    </Dialog>
  );
}
