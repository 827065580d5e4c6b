import {
  Button,
  defineTexts,
  Dialog,
  DialogActions,
  DialogBody,
  Form,
  FormProblem,
  SecretField,
  Select,
  SubmitButton,
  useForm,
  useKitTexts,
} from '@switchboard/ui';
import { useState } from 'react';

const useTexts = defineTexts({ en: { done: 'Done' }, ru: { done: 'Готово' } });

/** What a dialog says of a secret that is shown this once. */
interface SecretWords {
  readonly title: string;
  readonly about: string;
  readonly label: string;
  readonly fileName: string;
}

export function NewSecretDialog({
  words: { title, about, label, fileName },
  secret,
  onClose,
}: {
  words: SecretWords;
  secret: string;
  onClose: () => void;
}) {
  const t = useTexts();
  return (
    <Dialog title={title} about={about} isOpen onOpenChange={(open) => !open && onClose()}>
      <DialogBody>
        <SecretField label={label} secret={secret} fileName={fileName} />
      </DialogBody>
      <DialogActions>
        <Button look="primary" onPress={onClose}>
          {t.done}
        </Button>
      </DialogActions>
    </Dialog>
  );
}

/**
 * Makes a new secret in place of another one, which goes on for a while.
 * @param overlaps for how long, in what the route counts in, with what it is called; the first is chosen
 * @param rotate answers the new secret
 */
export function RotateDialog({
  title,
  about,
  action,
  overlap,
  overlaps,
  rotate,
  made,
  onClose,
}: {
  title: string;
  about: string;
  action: string;
  overlap: string;
  overlaps: readonly { id: string; label: string }[];
  rotate: (overlap: number, idempotencyKey: string) => Promise<string>;
  made: SecretWords;
  onClose: () => void;
}) {
  const kit = useKitTexts();
  const [secret, setSecret] = useState<string>();
  const form = useForm({ send: (values, key) => rotate(Number(values.text('overlap')), key), done: setSecret });
  if (secret !== undefined) return <NewSecretDialog words={made} secret={secret} onClose={onClose} />;
  return (
    <Dialog width="narrow" title={title} about={about} isOpen onOpenChange={(open) => !open && onClose()}>
      <Form form={form}>
        <DialogBody>
          <FormProblem form={form} />
          <Select name="overlap" label={overlap} defaultValue={overlaps[0]?.id} choices={overlaps} />
        </DialogBody>
        <DialogActions>
          <Button onPress={onClose}>{kit.cancel}</Button>
          <SubmitButton form={form}>{action}</SubmitButton>
        </DialogActions>
      </Form>
    </Dialog>
  );
}
