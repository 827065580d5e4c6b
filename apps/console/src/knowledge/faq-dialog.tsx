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
  const [locales, setLocales] = useState(before.length > 0 ? before.map(({ locale }) => locale) : [language as string]);
  const form = useForm({
    send: async (values, key) => {
      const texts = locales.map((_, i) => ({
        locale: values.text(`texts.${i}.locale`),
        question: values.text(`texts.${i}.question`),
        answer: values.text(`texts.${i}.answer`),
      }));
      await send(texts, key);
    },
    done: onDone,
  });
  const addLanguage = () => setLocales([...locales, ['en', 'ru'].find((one) => !locales.includes(one)) ?? '']);
  return (
    <Dialog title={title} about={about} width="wide" isOpen onOpenChange={(open) => !open && onClose()}>
      <Form form={form}>
        <DialogBody>
          <FormProblem form={form} />
          {locales.map((locale, i) => {
            const text = before.find((one) => one.locale === locale);
            return (
              <div key={locale || i} className={locales.length > 1 ? 'faq-language' : undefined}>
                <Stack>
                  {locales.length > 1 ? (
                    <div className="ui-row">
                      <TextField
                        name={`texts.${i}.locale`}
                        label={t.faq.language}
                        hint={locale && formats.language(locale)}
                        defaultValue={locale}
                        isReadOnly={readOnly}
                        isRequired
                      />
                      {!readOnly && (
                        <Button
                          size="small"
                          look="quiet"
                          icon={<X />}
                          onPress={() => setLocales(locales.filter((_one, index) => index !== i))}
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
            );
          })}
          {!readOnly && locales.length < 10 && (
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
