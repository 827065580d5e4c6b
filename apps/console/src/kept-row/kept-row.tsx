import { Button, FormProblem, type FormState, problemOf } from '@switchboard/ui';
import { Fragment, type ReactNode, useState } from 'react';
import { useKeptRowTexts } from './kept-row.texts';
import { useLeaveQuestion } from './leave-question';

export interface Kept<Row> {
  /** A newer revision than the one in the form is known. */
  readonly isStale: boolean;
  /**
   * After a save: goes on with what was saved.
   * @param isChanged something was typed or chosen meanwhile, which stays and is not saved yet
   */
  readonly goOn: (saved: Row, isChanged: boolean) => Promise<void>;
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
  /** The row that is kept, and the key of the form, which outlives a row when something was changed since it was sent. */
  const [state, setState] = useState<{ row?: Row; form?: Row['revision']; until?: Row['revision'] }>({});
  const [isReading, setIsReading] = useState(false);
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
    goOn: (saved, isChanged) => {
      setState(isChanged ? { row: saved, form } : { row: saved, until: latest.revision });
      return read();
    },
    beginAnew: () => read().then(() => setState({})),
  };
  return (
    <div
      className="kept-row"
      onFocus={() => setState({ row, form })}
      // After a save the focus may be in it still.
      onInput={() => setState({ row, form })}
    >
      <Fragment key={form}>{children(row, kept)}</Fragment>
    </div>
  );
}

/**
 * What went wrong with such a form, the way to what a colleague has saved meanwhile, and the question whether to leave what is not
 * saved.
 */
export function KeptRowProblem<Row>({ form, kept: { isStale, beginAnew } }: { form: FormState; kept: Kept<Row> }) {
  const t = useKeptRowTexts();
  useLeaveQuestion(form);
  const isRefused = problemOf(form.error)?.status === 412;
  return (
    <>
      {(isStale || isRefused) && (
        <div className="note" role="status">
          {t.changedElsewhere}{' '}
          <Button size="small" onPress={() => void beginAnew()}>
            {t.showTheirs}
          </Button>
        </div>
      )}
      {!isRefused && <FormProblem form={form} />}
    </>
  );
}
