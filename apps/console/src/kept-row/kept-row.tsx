import { Button, FormProblem, type FormState, problemOf } from '@switchboard/ui';
import { Fragment, type ReactNode, useState } from 'react';
import { useKeptRowTexts } from './kept-row.texts';

export interface Kept {
  /** A newer revision than the one in the form is known. */
  readonly isStale: boolean;
  /** Reads the row anew and begins a new form with it: after a save, or when somebody wants what a colleague has saved. */
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
  children: (row: Row, kept: Kept) => ReactNode;
}) {
  const [began, setBegan] = useState<Row>();
  const row = began ?? latest;
  const kept: Kept = {
    isStale: row.revision !== latest.revision,
    // What is typed while the row is read is kept again.
    beginAnew: async () => {
      setBegan(undefined);
      await readAnew();
    },
  };
  return (
    // After a save the focus may be in it still.
    <div className="kept-row" onFocus={() => setBegan(row)} onInput={() => setBegan(row)}>
      <Fragment key={row.revision}>{children(row, kept)}</Fragment>
    </div>
  );
}

/** What went wrong with such a form, and the way to what a colleague has saved meanwhile. */
export function KeptRowProblem({ form, kept: { isStale, beginAnew } }: { form: FormState; kept: Kept }) {
  const t = useKeptRowTexts();
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
