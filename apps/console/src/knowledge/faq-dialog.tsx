import type { ChatAiFaq } from '@switchboard/api-client';
import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  Form,
  FormProblem,
  Stack,
  SubmitButton,
  TextArea,
  TextField,
  useForm,
  useFormats,
  useKitTexts,
  useLanguage,
} from '@switchboard/ui';
import { Plus, X } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { useKnowledgeTexts } from './knowledge.texts';

type FaqTexts = ChatAiFaq['texts'];

/** One language of the form. Its question and answer begin with what is saved, whatever becomes of the language. */
interface Row {
  readonly id: string;
  readonly locale: string;
  readonly before?: FaqTexts[number];
}
const rowOf = (locale: string, before?: FaqTexts[number]): Row => ({ id: crypto.randomUUID(), locale, before });

/** A question with its answer, in each language the same. */
export function FaqDialog({
  title,
  about,
  texts: before,
  readOnly,
  send,
  onClose,
  onDone,
}: {
  title: string;
  about?: ReactNode;
  /** None for a new one. */
  texts: FaqTexts;
  readOnly?: boolean;
  send: (texts: FaqTexts, idempotencyKey: string) => Promise<void>;
  onClose: () => void;
  onDone: () => void;
}) {
  const t = useKnowledgeTexts();
  const kit = useKitTexts();
  const formats = useFormats();
  const { language } = useLanguage();
  const [rows, setRows] = useState(() =>
    before.length > 0 ? before.map((text) => rowOf(text.locale, text)) : [rowOf(language)],
  );
  const form = useForm({
    send: async (values, key) => {
      const texts = rows.map(({ locale }, i) => ({
        locale: locale.trim(),
        question: values.text(`texts.${i}.question`),
        answer: values.text(`texts.${i}.answer`),
      }));
      await send(texts, key);
    },
    done: onDone,
  });
  const addLanguage = () =>
    setRows([...rows, rowOf(['en', 'ru'].find((one) => !rows.some(({ locale }) => locale === one)) ?? '')]);
  const setLocale = (id: string, locale: string) =>
    setRows(rows.map((row) => (row.id === id ? { ...row, locale } : row)));
  return (
    <Dialog title={title} about={about} width="wide" isOpen onOpenChange={(open) => !open && onClose()}>
      <Form form={form}>
        <DialogBody>
          <FormProblem form={form} />
          {rows.map(({ id, locale, before: text }, i) => (
            <div key={id} className={rows.length > 1 ? 'faq-language' : undefined}>
              <Stack>
                {rows.length > 1 ? (
                  <div className="ui-row">
                    <TextField
                      name={`texts.${i}.locale`}
                      label={t.faq.language}
                      hint={locale && formats.language(locale)}
                      value={locale}
                      onChange={(typed) => setLocale(id, typed)}
                      isReadOnly={readOnly}
                      isRequired
                    />
                    {!readOnly && (
                      <Button
                        size="small"
                        look="quiet"
                        icon={<X />}
                        onPress={() => setRows(rows.filter((row) => row.id !== id))}
                      >
                        {t.faq.removeLanguage}
                      </Button>
                    )}
                  </div>
                ) : (
                  <input type="hidden" name={`texts.${i}.locale`} value={locale} />
                )}
                <TextField
                  name={`texts.${i}.question`}
                  label={t.faq.question}
                  defaultValue={text?.question}
                  maxLength={500}
                  isReadOnly={readOnly}
                  isRequired
                  autoFocus={i === 0}
                />
                <TextArea
                  name={`texts.${i}.answer`}
                  label={t.faq.answer}
                  defaultValue={text?.answer}
                  rows={4}
                  maxLength={5000}
                  isReadOnly={readOnly}
                  isRequired
                />
              </Stack>
            </div>
          ))}
          {!readOnly && rows.length < 10 && (
            <div>
              <Button size="small" icon={<Plus />} onPress={addLanguage}>
                {t.faq.addLanguage}
              </Button>
            </div>
          )}
        </DialogBody>
        {!readOnly && (
          <DialogActions>
            <Button onPress={onClose}>{kit.cancel}</Button>
            <SubmitButton form={form}>{t.faq.save}</SubmitButton>
          </DialogActions>
        )}
      </Form>
    </Dialog>
  );
}
