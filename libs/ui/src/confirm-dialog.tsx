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
