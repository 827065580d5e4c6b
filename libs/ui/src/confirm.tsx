import { createContext, lazy, type ReactNode, Suspense, use, useCallback, useState } from 'react';

export interface Question {
  title: string;
  /** What will happen, and to how many. */
  text: ReactNode;
  /** What is done, as a verb: “Delete the bot”. */
  action: string;
  look?: 'primary' | 'danger';
  /** Has to be typed; only for what cannot be undone. */
  word?: string;
  width?: 'narrow' | 'wide';
  /** A reason is asked for, and kept with what is done. */
  reason?: { label: string; hint?: string; minLength?: number };
}

/** What was answered: `undefined` when it was not agreed to, else the reason, which is empty where none was asked for. */
export type Answer = string | undefined;
type Ask = (question: Question) => Promise<Answer>;

// Nothing has been asked yet when a page is drawn.
const ConfirmDialog = lazy(() => import('./confirm-dialog'));

const ConfirmContext = createContext<Ask | undefined>(undefined);

/** Asks before something is done: `if ((await confirm({ … })) === undefined) return;` */
export function useConfirm(): Ask {
  const ask = use(ConfirmContext);
  if (!ask) throw new Error('There is no <ConfirmProvider> around this part');
  return ask;
}

export function ConfirmProvider({ children }: { children: ReactNode }) {
  const [asked, setAsked] = useState<{ question: Question; answer: (answer: Answer) => void }>();
  const ask = useCallback<Ask>((question) => new Promise((resolve) => setAsked({ question, answer: resolve })), []);
  const finish = (answer: Answer) => {
    asked?.answer(answer);
    setAsked(undefined);
  };
  return (
    <ConfirmContext value={ask}>
      {children}
      {asked && (
        <Suspense>
          <ConfirmDialog question={asked.question} onAnswer={finish} />
        </Suspense>
      )}
    </ConfirmContext>
  );
}
