import {
  type ChatAiKnowledgeDocument,
  chatAiKnowledgeDocumentsDelete,
  chatAiKnowledgeDocumentsListOptions,
  chatAiKnowledgeDocumentsRestore,
  chatAiKnowledgeFilesUpload,
  chatAiKnowledgePagesReread,
} from '@switchboard/api-client';
import {
  Ago,
  Button,
  type Column,
  DataTable,
  Empty,
  FileDrop,
  Filters,
  FilterSelect,
  NoMatch,
  notify,
  problemOf,
  Spinner,
  Switch,
  useFormats,
  useLanguage,
} from '@switchboard/ui';
import { useSearch } from '@tanstack/react-router';
import { BookOpen, Download, Globe, Pencil, RefreshCw, Trash2, Undo2 } from 'lucide-react';
import { Suspense, useState } from 'react';
import { refresh, tellProblem } from '../http/api';
import { fetchCounting } from './fetch-counting';
import { lazyPart } from '../lazy-part';
import { useList } from '../list';
import { oneOf, useSetSearch } from '../search';
import { useStaff } from '../session';
import { documentName, DocumentState } from './document-state';
import { useKnowledgeTexts } from './knowledge.texts';

const DocumentDialog = lazyPart(() => import('./document-dialog'), 'DocumentDialog');
const PageDialog = lazyPart(() => import('./page-dialog'), 'PageDialog');

const origins = ['folder', 'file', 'page', 'faq'] as const;
const FORMATS = ['.pdf', '.docx', '.xlsx', '.csv', '.html', '.htm', '.md', '.txt'];

/** Files, web pages and entries of the FAQ, and what became of each. */
export function Documents({ botId }: { botId: string }) {
  const t = useKnowledgeTexts();
  const formats = useFormats();
  const { language } = useLanguage();
  const mayWrite = useStaff().can('knowledge:write', botId);
  const search = useSearch({ from: '/console/knowledge/$botId' });
  const set = useSetSearch();
  const [shown, setShown] = useState<ChatAiKnowledgeDocument>();
  const [page, setPage] = useState<ChatAiKnowledgeDocument | 'new'>();
  const uploads = useUploads(botId);
  const origin = oneOf(origins, search.origin);
  const deleted = search.deleted ? 'true' : undefined;
  const { list } = useList({
    ...chatAiKnowledgeDocumentsListOptions({
      path: { botId },
      query: { locale: language, limit: 50, after: search.after, origin, deleted },
    }),
    // What was added is read within a minute, and then its state is another one.
    refetchInterval: ({ state }) => (state.data?.data.some((one) => one.state === 'waiting') ? 3000 : false),
  });

  const act = async (work: () => Promise<unknown>, text: string, undo?: () => void) => {
    await work()
      .then(() => notify({ text, undo }))
      .catch(tellProblem);
    await refresh('chatAiKnowledge', 'chatAiFaq');
  };
  const at = ({ id }: ChatAiKnowledgeDocument) => ({ path: { botId, documentId: id }, query: { locale: language } });
  const restore = (one: ChatAiKnowledgeDocument) =>
    void act(() => chatAiKnowledgeDocumentsRestore(at(one)), t.documents.restored(documentName(one)));
  const remove = (one: ChatAiKnowledgeDocument) =>
    void act(
      () => chatAiKnowledgeDocumentsDelete(at(one)),
      t.documents.removed(documentName(one)),
      () => restore(one),
    );

  const columns: Column<ChatAiKnowledgeDocument>[] = [
    { id: 'name', title: t.documents.name, cell: documentName },
    {
      ...{ id: 'state', title: t.documents.state, width: '170px', phone: 'state' },
      cell: (one) => <DocumentState document={one} />,
    },
    { id: 'origin', title: t.documents.origin, width: '120px', cell: (one) => t.documents.origins[one.origin] },
    {
      ...{ id: 'passages', title: t.documents.passages, width: '110px', align: 'end', phone: 'never' },
      cell: ({ passages }) => formats.number(passages),
    },
    {
      ...{ id: 'loaded', title: t.documents.loaded, width: '140px' },
      cell: ({ loadedAt }) => loadedAt && <Ago at={loadedAt} />,
    },
  ];
  return (
    <>
      {mayWrite && (
        <FileDrop
          label={t.documents.drop}
          about={t.documents.formats}
          button={t.documents.choose}
          accepts={FORMATS}
          multiple
          onFiles={(files) => void uploads.add(files)}
        />
      )}
      {uploads.current && (
        <p className="ui-row" role="status">
          <Spinner /> {t.documents.uploading(uploads.current.name)} {formats.percent(uploads.current.sent, 0)}
        </p>
      )}
      <Filters
        set={(origin ? 1 : 0) + (deleted ? 1 : 0)}
        end={
          mayWrite && (
            <Button icon={<Globe />} onPress={() => setPage('new')}>
              {t.documents.addPage}
            </Button>
          )
        }
      >
        <FilterSelect
          label={t.documents.origin}
          any={t.documents.allOrigins}
          value={origin}
          onChange={(origin) => set({ origin })}
          choices={origins.map((id) => ({ id, label: t.documents.origins[id] }))}
        />
        <Switch isSelected={deleted !== undefined} onChange={(on) => set({ deleted: on ? '1' : undefined })}>
          {t.documents.deleted}
        </Switch>
      </Filters>
      <DataTable
        label={t.tabs.documents}
        columns={columns}
        {...list}
        idOf={({ id }) => id}
        nameOf={documentName}
        onOpen={setShown}
        toneOf={({ state, problem }) => (state === 'unread' ? 'bad' : problem ? 'warn' : undefined)}
        empty={
          deleted ? (
            <Empty icon={<Trash2 />} title={t.documents.noneDeleted} />
          ) : origin ? (
            <NoMatch onClear={() => set({ origin: undefined })} />
          ) : (
            <Empty icon={<BookOpen />} title={t.documents.none}>
              {t.documents.noneText}
            </Empty>
          )
        }
        actions={(one) => {
          const isOurs = mayWrite && one.origin !== 'folder';
          return [
            {
              id: 'see',
              entries: [
                { id: 'read', label: t.documents.read, icon: <BookOpen />, onAction: () => setShown(one) },
                ...(one.origin === 'file'
                  ? [
                      {
                        ...{ id: 'download', label: t.documents.download, icon: <Download /> },
                        href: `/v1/knowledge/${botId}/files/${one.id}`,
                      },
                    ]
                  : []),
              ],
            },
            {
              id: 'change',
              entries:
                !isOurs || one.deletedAt
                  ? []
                  : one.page
                    ? [
                        {
                          ...{ id: 'reread', label: t.documents.reread, icon: <RefreshCw /> },
                          onAction: () => void act(() => chatAiKnowledgePagesReread(at(one)), t.documents.rereadDone),
                        },
                        { id: 'change', label: t.documents.change, icon: <Pencil />, onAction: () => setPage(one) },
                      ]
                    : [],
            },
            {
              id: 'end',
              entries: !isOurs
                ? []
                : one.deletedAt
                  ? [{ id: 'restore', label: t.documents.restore, icon: <Undo2 />, onAction: () => restore(one) }]
                  : [
                      {
                        ...{ id: 'remove', label: t.documents.remove, icon: <Trash2 />, look: 'danger' },
                        onAction: () => remove(one),
                      },
                    ],
            },
          ];
        }}
      />
      <Suspense>
        {shown && <DocumentDialog botId={botId} document={shown} onClose={() => setShown(undefined)} />}
        {page && (
          <PageDialog botId={botId} document={page === 'new' ? undefined : page} onClose={() => setPage(undefined)} />
        )}
      </Suspense>
    </>
  );
}

/** One file after the other: each is told of by itself. */
function useUploads(botId: string) {
  const t = useKnowledgeTexts();
  const { language } = useLanguage();
  const [current, setCurrent] = useState<{ name: string; sent: number }>();
  const add = async (files: readonly File[]) => {
    let done = 0;
    for (const file of files) {
      const { name } = file;
      setCurrent({ name, sent: 0 });
      try {
        // The file comes last, so that everything else is known before its first byte.
        await chatAiKnowledgeFilesUpload({
          path: { botId },
          query: { locale: language },
          body: { file },
          fetch: fetchCounting((sent) => setCurrent({ name, sent })),
        });
        done++;
      } catch (error) {
        const problem = problemOf(error);
        notify({ tone: 'bad', text: t.documents.failed(file.name), about: problem?.detail ?? problem?.title });
      }
    }
    setCurrent(undefined);
    if (done > 0) notify({ text: t.documents.uploaded(done) });
    await refresh('chatAiKnowledge');
  };
  return { current, add };
}
