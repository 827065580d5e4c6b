import {
  type ChatAiKnowledgeDocument,
  chatAiKnowledgePagesAdd,
  chatAiKnowledgePagesChange,
} from '@switchboard/api-client';
import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  Form,
  FormProblem,
  notify,
  Select,
  SubmitButton,
  TextField,
  useForm,
  useKitTexts,
  useLanguage,
} from '@switchboard/ui';
import { etagOf, refresh } from '../http/api';
import { useKnowledgeTexts } from './knowledge.texts';

const hours = ['1', '6', '24', '168', 'never'] as const;

/** Adds a page of the web, or changes how one is read. */
export function PageDialog({
  botId,
  document,
  onClose,
}: {
  botId: string;
  document?: ChatAiKnowledgeDocument;
  onClose: () => void;
}) {
  const t = useKnowledgeTexts();
  const kit = useKitTexts();
  const { language } = useLanguage();
  const query = { locale: language };
  const form = useForm({
    send: async (values, key) => {
      const every = values.text('everyHours');
      const everyHours = every === 'never' ? null : Number(every);
      if (document) {
        await chatAiKnowledgePagesChange({
          ...{ path: { botId, documentId: document.id }, query, headers: { 'If-Match': etagOf(document.revision) } },
          body: { title: values.text('title'), everyHours },
        });
      } else {
        await chatAiKnowledgePagesAdd({
          ...{ path: { botId }, query, headers: { 'Idempotency-Key': key } },
          body: { url: values.text('url'), title: values.optional('title'), everyHours },
        });
      }
    },
    done: () => {
      notify({ text: document ? t.page.saved : t.page.added });
      onClose();
      void refresh('chatAiKnowledge');
    },
  });
  const now = document?.page ? String(document.page.everyHours ?? 'never') : '24';
  return (
    <Dialog
      title={document ? t.page.changeTitle : t.page.title}
      about={t.page.about}
      isOpen
      onOpenChange={(open) => !open && onClose()}
    >
      <Form form={form}>
        <DialogBody>
          <FormProblem form={form} />
          {!document && (
            <TextField name="url" type="url" label={t.page.url} placeholder="https://" isRequired autoFocus />
          )}
          <TextField name="title" label={t.page.name} hint={t.page.nameHint} defaultValue={document?.title} optional />
          <Select
            name="everyHours"
            label={t.page.every}
            defaultValue={now}
            choices={[
              ...hours.map((id) => ({ id, label: t.page.choices[id] })),
              ...((hours as readonly string[]).includes(now)
                ? []
                : [{ id: now, label: t.documents.everyHours(Number(now)) }]),
            ]}
          />
        </DialogBody>
        <DialogActions>
          <Button onPress={onClose}>{kit.cancel}</Button>
          <SubmitButton form={form}>{document ? t.page.save : t.page.add}</SubmitButton>
        </DialogActions>
      </Form>
    </Dialog>
  );
}
