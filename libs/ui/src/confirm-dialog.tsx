import { useState } from 'react';
import { Button } from './button';
import type { Answer, Question } from './confirm';
import { Dialog, DialogActions, DialogBody } from './dialog';
import { useKitTexts } from './kit.texts';
import { TextArea, TextField } from './text-field';

export default function ConfirmDialog({
  question,
  onAnswer,
}: {
  question: Question;
  onAnswer: (answer: Answer) => void;
}) {
  const t = useKitTexts();
  const [typed, setTyped] = useState('');
  const [reason, setReason] = useState('');
  // What is missing is told once somebody has tried, and goes as they type.
  const [tried, setTried] = useState(false);
  const { word, reason: wanted } = question;
  const isRight = (text: string) => !word || text.trim() === word;
  const least = wanted?.minLength ?? 3;
  const isReason = (text: string) => !wanted || text.trim().length >= least;
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
          if (isRight(typed) && isReason(reason)) return onAnswer(reason.trim());
          setTried(true);
          const form = event.currentTarget;
          requestAnimationFrame(() => form.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus());
        }}
      >
        <DialogBody>
          <div className="ui-confirm-text">{question.text}</div>
          {wanted && (
            <TextArea
              label={wanted.label}
              hint={wanted.hint}
              rows={2}
              value={reason}
              onChange={setReason}
              validationBehavior="aria"
              validate={(text) => (!tried || isReason(text) ? null : t.problem.tooShort(least))}
              autoFocus
            />
          )}
          {word && (
            <TextField
              label={t.typeWord(word)}
              value={typed}
              onChange={setTyped}
              validationBehavior="aria"
              validate={(text) => (!tried || isRight(text) ? null : t.problem.otherWord)}
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
            autoFocus={!wanted && !word && question.look !== 'danger'}
          >
            {question.action}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
