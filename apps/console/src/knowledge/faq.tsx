import { chatAiFaqAdd, type ChatAiFaq, chatAiFaqChange, chatAiFaqListOptions } from '@switchboard/api-client';
import { Ago, Badge, Button, type Column, DataTable, Empty, Filters, notify, Row } from '@switchboard/ui';
import { CircleHelp, Plus } from 'lucide-react';
import { useState } from 'react';
import { etagOf, refresh } from '../http/api';
import { useList } from '../list';
import { useStaff } from '../session';
import { FaqDialog } from './faq-dialog';
import { useKnowledgeTexts } from './knowledge.texts';

/** Questions that everybody asks, with answers of the house. */
export function Faq({ botId }: { botId: string }) {
  const t = useKnowledgeTexts();
  const mayWrite = useStaff().can('knowledge:write', botId);
  const [after, setAfter] = useState<string>();
  const [edited, setEdited] = useState<ChatAiFaq | 'new'>();
  const { data, list } = useList(chatAiFaqListOptions({ path: { botId }, query: { after, limit: 50 } }), setAfter);
  const addButton = mayWrite && (
    <Button look="primary" icon={<Plus />} onPress={() => setEdited('new')}>
      {t.faq.add}
    </Button>
  );
  const columns: Column<ChatAiFaq>[] = [
    { id: 'question', title: t.faq.question, cell: ({ texts }) => texts[0]?.question },
    { id: 'answer', title: t.faq.answer, cell: ({ texts }) => texts[0]?.answer, phone: 'never' },
    {
      ...{ id: 'languages', title: t.faq.languages, width: '120px', phone: 'state' },
      cell: ({ texts }) => (
        <Row>
          {texts.map(({ locale }) => (
            <Badge key={locale}>{locale}</Badge>
          ))}
        </Row>
      ),
    },
    { id: 'changed', title: t.faq.changed, width: '140px', cell: ({ changedAt }) => <Ago at={changedAt} /> },
  ];
  return (
    <>
      {addButton && data && data.data.length > 0 && <Filters end={addButton} />}
      <DataTable
        label={t.tabs.faq}
        columns={columns}
        {...list}
        idOf={({ id }) => id}
        nameOf={({ texts }) => texts[0]?.question ?? ''}
        onOpen={setEdited}
        empty={
          <Empty icon={<CircleHelp />} title={t.faq.none} action={addButton}>
            {t.faq.noneText}
          </Empty>
        }
      />
      {edited && (
        <FaqDialog
          title={edited === 'new' ? t.faq.title : t.faq.editTitle}
          texts={edited === 'new' ? [] : edited.texts}
          readOnly={!mayWrite}
          send={async (texts, key) => {
            if (edited === 'new') {
              await chatAiFaqAdd({ path: { botId }, headers: { 'Idempotency-Key': key }, body: { texts } });
            } else {
              const path = { botId, documentId: edited.id };
              await chatAiFaqChange({ path, headers: { 'If-Match': etagOf(edited.revision) }, body: { texts } });
            }
          }}
          onClose={() => setEdited(undefined)}
          onDone={() => {
            notify({ text: t.faq.saved });
            setEdited(undefined);
            void refresh('chatAiFaq', 'chatAiKnowledge');
          }}
        />
      )}
    </>
  );
}
