import { createContext, type ReactNode, use, useCallback, useState } from 'react';
import { Button } from './button';
import { Dialog, DialogActions, DialogBody } from './dialog';
import { useKitTexts } from './kit.texts';
import { TextArea, TextField } from './text-field';

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
type Answer = string | undefined;
type Ask = (question: Question) => Promise<Answer>;

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
      {asked && <ConfirmDialog question={asked.question} onAnswer={finish} />}
    </ConfirmContext>
  );
}

function ConfirmDialog({ question, onAnswer }: { question: Question; onAnswer: (answer: Answer) => void }) {
  const t = useKitTexts();
  const [typed, setTyped] = useState('');
  const [reason, setReason] = useState('');
  const { word, reason: wanted } = question;
  const isReady = (!word || typed.trim() === word) && (!wanted || reason.trim().length >= (wanted.minLength ?? 3));
  return (
    <Dialog
      alert
      isOpen
      width={question.width ?? 'narrow'}
      title={question.title}
      onOpenChange={(open) => !open && onAnswer(undefined)}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (isReady) onAnswer(reason.trim());
        }}
      >
        <DialogBody>
          <div className="ui-confirm-text">{question.text}</div>
          {wanted && (
            <TextArea label={wanted.label} hint={wanted.hint} rows={2} value={reason} onChange={setReason} autoFocus />
          )}
          {word && (
            <TextField
              label={t.typeWord(word)}
              value={typed}
              onChange={setTyped}
              autoComplete="off"
              autoFocus={!wanted}
            />
          )}
        </DialogBody>
        <DialogActions>
          <Button onPress={() => onAnswer(undefined)}>{t.cancel}</Button>
          <Button
            type="submit"
            look={question.look ?? 'primary'}
            isDisabled={!isReady}
            autoFocus={!wanted && !word && question.look !== 'danger'}
          >
            {question.action}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
