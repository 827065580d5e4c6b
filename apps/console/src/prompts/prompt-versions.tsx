import {
  type ChatAiPromptInForce,
  chatAiPromptReleasesPublish,
  type ChatAiPromptVersion,
  chatAiPromptVersionsListOptions,
  chatAiPromptVersionsReadOptions,
} from '@switchboard/api-client';
import {
  Ago,
  Badge,
  Button,
  Card,
  type Column,
  DataTable,
  Dialog,
  DialogActions,
  DialogBody,
  Diff,
  notify,
  useConfirm,
  useKitTexts,
} from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { GitCompare, Undo2, Upload } from 'lucide-react';
import { useState } from 'react';
import { etagOf, refresh, tellProblem } from '../http/api';
import { useList } from '../list';
import { Loaded } from '../loaded';
import { useStaff } from '../session';
import { StaffName } from '../staff-names/staff-names';
import { usePromptTexts } from './prompts.texts';

/** All versions there were; each is compared with what is in force, and put in force by one press. */
export function PromptVersions({ inForce }: { inForce: ChatAiPromptInForce }) {
  const t = usePromptTexts();
  const { botId } = inForce;
  const mayWrite = useStaff().can('prompts:write', botId);
  const publish = usePublish(inForce);
  const [after, setAfter] = useState<string>();
  const [compared, setCompared] = useState<ChatAiPromptVersion>();
  const { list } = useList(chatAiPromptVersionsListOptions({ path: { botId }, query: { limit: 25, after } }), setAfter);
  const columns: Column<ChatAiPromptVersion>[] = [
    { id: 'version', title: t.tabs.versions, width: '130px', cell: ({ version }) => t.version(version) },
    {
      ...{ id: 'state', title: t.inForce, width: '130px', phone: 'state' },
      cell: ({ isInForce }) =>
        isInForce ? (
          <Badge tone="good" dot>
            {t.inForce}
          </Badge>
        ) : null,
    },
    { id: 'note', title: t.note, cell: ({ note }) => note },
    {
      id: 'by',
      title: t.by,
      width: '150px',
      cell: ({ createdBy, origin }) => (createdBy ? <StaffName id={createdBy} /> : t.origin[origin]),
    },
    { id: 'at', title: t.created, width: '140px', cell: ({ createdAt }) => <Ago at={createdAt} /> },
    {
      ...{ id: 'length', title: t.length, width: '140px', align: 'end', phone: 'never' },
      cell: ({ characters }) => t.characters(characters),
    },
  ];
  return (
    <Card flush>
      <DataTable
        label={t.tabs.versions}
        columns={columns}
        {...list}
        idOf={({ id }) => id}
        nameOf={({ version }) => t.version(version)}
        onOpen={setCompared}
        empty={<p className="ui-list-none">{t.noVersions}</p>}
        actions={(version) => [
          {
            id: 'all',
            entries: [
              {
                ...{ id: 'compare', label: t.compare, icon: <GitCompare /> },
                onAction: () => setCompared(version),
              },
              ...(mayWrite && !version.isInForce
                ? [
                    {
                      ...{ id: 'publish', icon: <Undo2 /> },
                      label: version.version < inForce.prompt.version ? t.rollBack : t.publish,
                      onAction: () => void publish(version),
                    },
                  ]
                : []),
            ],
          },
        ]}
      />
      {compared && (
        <Comparison
          inForce={inForce}
          version={compared}
          onClose={() => setCompared(undefined)}
          onPublish={
            mayWrite && !compared.isInForce
              ? () => void publish(compared).then((done) => done && setCompared(undefined))
              : undefined
          }
        />
      )}
    </Card>
  );
}

/** Puts a version in force, after asking why; answers whether it did. */
function usePublish(inForce: ChatAiPromptInForce) {
  const t = usePromptTexts();
  const confirm = useConfirm();
  const send = async (promptId: string, why: string, revision: number) => {
    const { data } = await chatAiPromptReleasesPublish({
      path: { botId: inForce.botId },
      headers: { 'If-Match': etagOf(revision), 'Idempotency-Key': crypto.randomUUID() },
      body: { promptId, why },
    });
    return data;
  };
  return async ({ id, version }: ChatAiPromptVersion): Promise<boolean> => {
    const why = await confirm({
      ...{ title: t.publishTitle(version), text: t.publishText, action: t.publish },
      reason: { label: t.why, hint: t.whyHint },
    });
    if (why === undefined) return false;
    try {
      const { revision } = await send(id, why, inForce.revision);
      const before = inForce.prompt;
      const undo = () =>
        void send(before.id, why, revision)
          .then(() => notify({ text: t.published(before.version) }))
          .catch(tellProblem)
          .then(() => refresh('chatAiPrompt'));
      notify({ text: t.published(version), undo: inForce.source === 'console' ? undo : undefined });
      return true;
    } catch (error) {
      tellProblem(error);
      return false;
    } finally {
      await refresh('chatAiPrompt');
    }
  };
}

function Comparison({
  inForce,
  version: { id, version, isInForce, note },
  onClose,
  onPublish,
}: {
  inForce: ChatAiPromptInForce;
  version: ChatAiPromptVersion;
  onClose: () => void;
  onPublish?: () => void;
}) {
  const t = usePromptTexts();
  const kit = useKitTexts();
  const answer = useQuery({
    ...chatAiPromptVersionsReadOptions({ path: { botId: inForce.botId, promptId: id } }),
    // A version never changes.
    staleTime: Infinity,
  });
  return (
    <Dialog
      look="side"
      width="wide"
      title={isInForce ? t.version(version) : t.compareTitle(version)}
      about={note}
      isOpen
      onOpenChange={(open) => !open && onClose()}
    >
      <DialogBody>
        <Loaded answer={answer} lines={8}>
          {({ text }) =>
            isInForce ? (
              <div className="prompt-text">{text}</div>
            ) : (
              <Diff label={t.compare} before={inForce.prompt.text} after={text} />
            )
          }
        </Loaded>
      </DialogBody>
      {onPublish && (
        <DialogActions>
          <Button onPress={onClose}>{kit.cancel}</Button>
          <Button look="primary" icon={<Upload />} onPress={onPublish}>
            {version < inForce.prompt.version ? t.rollBack : t.publish}
          </Button>
        </DialogActions>
      )}
    </Dialog>
  );
}
