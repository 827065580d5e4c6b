import {
  type ChatAiPromptDraft,
  chatAiPromptDraftsChange,
  chatAiPromptDraftsDiscard,
  chatAiPromptDraftsListOptions,
  chatAiPromptDraftsOpen,
  type ChatAiPromptInForce,
  chatAiPromptReleasesPublish,
} from '@switchboard/api-client';
import {
  Ago,
  Button,
  Card,
  Diff,
  Empty,
  notify,
  ProblemState,
  Row,
  Select,
  SkeletonLines,
  TextArea,
  TextField,
  useCommands,
  useConfirm,
  useKitTexts,
} from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { FilePen, GitCompare, Plus, Save, Trash2, Upload } from 'lucide-react';
import { useEffect, useMemo, useState } from 'react';
import { etagOf, refresh, tellProblem } from '../http/api';
import { DRAFT_KEY, useStaff } from '../session';
import { useStaffNames } from '../staff-names/staff-names';
import { usePromptTexts } from './prompts.texts';
import { TryOut } from './try-out';

/** What is being written, with a pane to try it in. */
export function PromptDrafts({ inForce }: { inForce: ChatAiPromptInForce }) {
  const t = usePromptTexts();
  const kit = useKitTexts();
  const { botId } = inForce;
  const mayWrite = useStaff().can('prompts:write', botId);
  const [chosen, setChosen] = useState<string>();
  const nameOf = useStaffNames();
  const { data, error, refetch } = useQuery(chatAiPromptDraftsListOptions({ path: { botId }, query: { limit: 50 } }));
  const begin = async () => {
    const { text, id } = inForce.prompt;
    await chatAiPromptDraftsOpen({
      path: { botId },
      headers: { 'Idempotency-Key': crypto.randomUUID() },
      body: { text, basedOn: id },
    })
      .then(({ data: draft }) => setChosen(draft.id))
      .catch(tellProblem);
    await refresh('chatAiPromptDrafts');
  };
  if (error && !data) return <ProblemState error={error} retry={() => void refetch()} />;
  if (!data) {
    return (
      <Card>
        <SkeletonLines lines={8} label={kit.loading} />
      </Card>
    );
  }
  const drafts = data.data;
  const draft = drafts.find(({ id }) => id === chosen) ?? drafts[0];
  const beginButton = mayWrite && (
    <Button look={draft ? 'plain' : 'primary'} icon={<Plus />} onPress={() => void begin()}>
      {t.begin}
    </Button>
  );
  if (!draft) {
    return (
      <Card flush>
        <Empty icon={<FilePen />} title={t.none} action={beginButton}>
          {t.noneText}
        </Empty>
      </Card>
    );
  }
  return (
    <>
      {(drafts.length > 1 || mayWrite) && (
        <Row>
          {drafts.length > 1 && (
            <Select
              label={t.drafts}
              hideLabel
              value={draft.id}
              onChange={setChosen}
              choices={drafts.map(({ id, createdBy, basedOn, note }) => ({
                id,
                label: note || t.draftOf(createdBy ? nameOf(createdBy) : ''),
                about: basedOn && t.basedOn(basedOn.version),
              }))}
            />
          )}
          {beginButton}
        </Row>
      )}
      <DraftEditor key={draft.id} draft={draft} inForce={inForce} mayWrite={mayWrite} />
    </>
  );
}

function DraftEditor({
  draft,
  inForce,
  mayWrite,
}: {
  draft: ChatAiPromptDraft;
  inForce: ChatAiPromptInForce;
  mayWrite: boolean;
}) {
  const t = usePromptTexts();
  const confirm = useConfirm();
  const nameOf = useStaffNames();
  const { botId } = inForce;
  const path = { botId, draftId: draft.id };
  const unsaved = useUnsaved(draft.id);
  const [begun] = useState(() => unsaved.read() ?? { text: draft.text, note: draft.note, base: draft });
  const [text, setText] = useState(begun.text);
  const [note, setNote] = useState(begun.note);
  /** What is saved of what is written here: a newer draft may be of a colleague. */
  const [base, setBase] = useState<Saved>(begun.base);
  const [pending, setPending] = useState(false);
  const [asDiff, setAsDiff] = useState(false);
  const isDirty = text !== base.text || note !== base.note;
  const isNewer = draft.revision > base.revision;
  const beginAnew = () => {
    setText(draft.text);
    setNote(draft.note);
    setBase(draft);
  };
  // Nothing of one's own is lost by it.
  if (isNewer && !isDirty) beginAnew();
  useEffect(() => {
    if (!isDirty) return unsaved.forget();
    unsaved.keep({ text, note, base });
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener('beforeunload', ask);
    return () => window.removeEventListener('beforeunload', ask);
  }, [unsaved, isDirty, text, note, base]);

  /** @returns the revision that holds what is seen; `undefined` when it could not be saved */
  const save = async (): Promise<number | undefined> => {
    if (!isDirty) return base.revision;
    setPending(true);
    try {
      const headers = { 'If-Match': etagOf(base.revision) };
      const { data } = await chatAiPromptDraftsChange({ path, headers, body: { text, note } });
      setBase({ text, note, revision: data.revision });
      await refresh('chatAiPromptDrafts');
      return data.revision;
    } catch (error) {
      tellProblem(error);
      return undefined;
    } finally {
      setPending(false);
    }
  };
  const publish = async () => {
    const saved = await save();
    if (saved === undefined) return;
    const why = await confirm({
      title: t.publishDraftTitle,
      text: (
        <>
          <p>{t.publishText}</p>
          <Diff label={t.showDiff} before={inForce.prompt.text} after={text} />
        </>
      ),
      action: t.publish,
      reason: { label: t.why, hint: t.whyHint },
      width: 'wide',
    });
    if (why === undefined) return;
    await chatAiPromptReleasesPublish({
      path: { botId },
      headers: { 'If-Match': etagOf(inForce.revision), 'Idempotency-Key': crypto.randomUUID() },
      body: { draft: { id: draft.id, revision: saved }, why },
    })
      .then(({ data }) => notify({ text: t.published(data.prompt.version) }))
      .catch(tellProblem);
    await refresh('chatAiPrompt');
  };
  const discard = async () => {
    const question = { title: t.discardTitle, text: t.discardText, action: t.discard, look: 'danger' as const };
    if ((await confirm(question)) === undefined) return;
    await chatAiPromptDraftsDiscard({ path })
      .then(() => {
        unsaved.forget();
        notify({ text: t.discarded });
      })
      .catch(tellProblem);
    await refresh('chatAiPromptDrafts');
  };
  const keep = () => void save().then((saved) => saved !== undefined && notify({ text: t.saved }));
  useCommands([{ id: 'draft.save', title: t.save, group: t.title, icon: <Save />, keys: 'mod+s', run: keep }]);

  return (
    <div className="draft">
      <Card
        title={t.draftOf(draft.createdBy ? nameOf(draft.createdBy) : '')}
        about={
          <>
            {draft.basedOn && `${t.basedOn(draft.basedOn.version)} · `}
            {isDirty ? t.unsaved : <Ago at={draft.changedAt} />}
          </>
        }
        actions={
          <Button size="small" icon={<GitCompare />} onPress={() => setAsDiff(!asDiff)}>
            {asDiff ? t.showText : t.showDiff}
          </Button>
        }
      >
        {isNewer && (
          <p className="note" role="alert">
            {t.changedElsewhere}{' '}
            <Button size="small" onPress={beginAnew}>
              {t.loadTheirs}
            </Button>
          </p>
        )}
        {asDiff ? (
          <Diff label={t.showDiff} before={inForce.prompt.text} after={text} />
        ) : (
          <TextArea
            label={t.text}
            hideLabel
            value={text}
            onChange={setText}
            rows={16}
            maxLength={20_000}
            isReadOnly={!mayWrite}
          />
        )}
        <TextField
          label={t.note}
          hint={t.noteHint}
          value={note}
          onChange={setNote}
          maxLength={500}
          isReadOnly={!mayWrite}
          optional
        />
        {mayWrite && (
          <Row>
            <Button
              look="primary"
              icon={<Upload />}
              isDisabled={text.trim() === '' || isNewer}
              onPress={() => void publish()}
            >
              {t.publish}
            </Button>
            <Button icon={<Save />} isPending={pending} isDisabled={!isDirty || isNewer} onPress={keep}>
              {t.save}
            </Button>
            <Button look="danger-quiet" icon={<Trash2 />} onPress={() => void discard()}>
              {t.discard}
            </Button>
          </Row>
        )}
      </Card>
      {mayWrite && <TryOut botId={botId} text={text} />}
    </div>
  );
}

type Saved = Pick<ChatAiPromptDraft, 'text' | 'note' | 'revision'>;

interface Written {
  readonly text: string;
  readonly note: string;
  /** The draft as it was saved when this was begun. */
  readonly base: Saved;
}

/**
 * What was written and not saved, with what it began with. It outlives other tabs and pages, and a session that ends while
 * somebody writes; it is gone with the tab of the browser, and when they sign out in it.
 */
function useUnsaved(draftId: string) {
  const { id } = useStaff();
  return useMemo(() => {
    const key = `${DRAFT_KEY}${id}.${draftId}`;
    return {
      read: (): Written | undefined => {
        try {
          const kept = JSON.parse(sessionStorage.getItem(key) ?? 'null') as Partial<Written> | null;
          // One kept by an earlier version of this page does not know what it began with.
          return kept?.base ? (kept as Written) : undefined;
        } catch {
          return undefined; // Storage may be forbidden.
        }
      },
      keep: (written: Written): void => {
        try {
          sessionStorage.setItem(key, JSON.stringify(written));
        } catch {
          // Then it is kept for as long as the editor is open.
        }
      },
      forget: (): void => {
        try {
          sessionStorage.removeItem(key);
        } catch {
          // There is nothing in it.
        }
      },
    };
  }, [id, draftId]);
}
