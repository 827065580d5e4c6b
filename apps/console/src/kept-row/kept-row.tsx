import { Button, FormProblem, type FormState, problemOf } from '@switchboard/ui';
import { Fragment, type ReactNode, useRef, useState } from 'react';
import { useKeptRowTexts } from './kept-row.texts';
import { useLeaveQuestion } from './leave-question';

export interface Kept<Row> {
  /** A newer revision than the one in the form is known. */
  readonly isStale: boolean;
  /** After a save: goes on with what was saved. What was typed meanwhile stays, and is not saved yet. */
  readonly goOn: (saved: Row) => Promise<void>;
  /** Begins a new form, for somebody who wants what a colleague has saved. */
  readonly beginAnew: () => Promise<void>;
}

/**
 * A form over the row that it began with. It follows newer revisions until somebody is at it; from then on it keeps its row and
 * what is typed, and `If-Match` names the revision that was seen, so that nothing of a colleague is written over unseen.
 */
export function KeptRow<Row extends { readonly revision: string | number }>({
  latest,
  readAnew,
  children,
}: {
  latest: Row;
  readAnew: () => Promise<unknown>;
  children: (row: Row, kept: Kept<Row>) => ReactNode;
}) {
  /** The row that is kept, and the key of the form, which outlives a row when something was typed since it was sent. */
  const [state, setState] = useState<{ row?: Row; form?: Row['revision']; until?: Row['revision'] }>({});
  const [isReading, setIsReading] = useState(false);
  const isTyped = useRef(false);
  // What was saved stays until something else than the row before it has been read: reading it anew may fail.
  const isOver = state.until !== undefined && latest.revision !== state.until;
  const row = isOver ? latest : (state.row ?? latest);
  const form = state.form ?? row.revision;
  const read = async () => {
    setIsReading(true);
    await readAnew();
    setIsReading(false);
  };
  const kept: Kept<Row> = {
    isStale: !isReading && row.revision !== latest.revision,
    goOn: (saved) => {
      setState(isTyped.current ? { row: saved, form } : { row: saved, until: latest.revision });
      return read();
    },
    beginAnew: () => {
      isTyped.current = false;
      return read().then(() => setState({}));
    },
  };
  return (
    <div
      className="kept-row"
      onFocus={() => setState({ row, form })}
      onSubmit={() => (isTyped.current = false)}
      // After a save the focus may be in it still.
      onInput={() => {
        isTyped.current = true;
        setState({ row, form });
      }}
    >
      <Fragment key={form}>{children(row, kept)}</Fragment>
    </div>
  );
}

/**
 * What went wrong with such a form, the way to what a colleague has saved meanwhile, and the question whether to leave what is not
 * saved.
 * @param more what is written and stands in no field of a name
 */
export function KeptRowProblem<Row>({
  form,
  kept,
  more,
}: {
  form: FormState;
  /** None of what is not saved yet. */
  kept: Kept<Row> | undefined;
  more?: unknown;
}) {
  const t = useKeptRowTexts();
  useLeaveQuestion(form, more);
  const isRefused = kept !== undefined && problemOf(form.error)?.status === 412;
  return (
    <>
      {kept && (kept.isStale || isRefused) && (
        <div className="note" role="status">
          {t.changedElsewhere}{' '}
          <Button size="small" onPress={() => void kept.beginAnew()}>
            {t.showTheirs}
          </Button>
        </div>
      )}
      {!isRefused && <FormProblem form={form} />}
    </>
  );
}
