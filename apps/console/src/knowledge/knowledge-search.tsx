import { chatAiKnowledgeSearch, type ChatAiPassage } from '@switchboard/api-client';
import { Empty, Form, FormProblem, SubmitButton, TextField, useForm, useFormats } from '@switchboard/ui';
import { Search, SearchX, TriangleAlert } from 'lucide-react';
import { useState } from 'react';
import { useKnowledgeTexts } from './knowledge.texts';

/** What a question would find: the passages that the model is given. */
export function KnowledgeSearch({ botId }: { botId: string }) {
  const t = useKnowledgeTexts();
  const formats = useFormats();
  const [passages, setPassages] = useState<readonly ChatAiPassage[]>();
  const form = useForm({
    send: async (values) =>
      (await chatAiKnowledgeSearch({ path: { botId }, body: { query: values.text('query') } })).data,
    done: (found) => setPassages(found.passages),
  });
  return (
    <>
      <p className="soft">{t.search.about}</p>
      <Form form={form}>
        <FormProblem form={form} />
        <div className="search-form">
          <TextField name="query" label={t.search.question} maxLength={1000} isRequired />
          <SubmitButton form={form} icon={<Search />}>
            {t.search.find}
          </SubmitButton>
        </div>
      </Form>
      {passages?.length === 0 && (
        <Empty icon={<SearchX />} title={t.search.none}>
          {t.search.noneText}
        </Empty>
      )}
      {passages && passages.length > 0 && (
        <ol className="passages" aria-live="polite">
          {passages.map(({ id, title, heading, text, source, coverage, suspicious }) => (
            <li key={id}>
              <header>
                <b>{heading || title}</b>
                <span>{source}</span>
                <span>{coverage > 0 ? t.search.coverage(formats.percent(coverage, 0)) : t.search.byMeaning}</span>
              </header>
              <p>{text}</p>
              {suspicious && (
                <span className="ui-row document-remark">
                  <TriangleAlert size={14} aria-hidden /> {t.documents.suspicious}
                </span>
              )}
            </li>
          ))}
        </ol>
      )}
    </>
  );
}
