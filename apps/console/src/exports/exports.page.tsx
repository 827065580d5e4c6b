import { type AnalyticsExport, analyticsExportsListOptions } from '@switchboard/api-client';
import {
  Ago,
  Badge,
  ButtonLink,
  type Column,
  DataTable,
  Empty,
  Link,
  Moment,
  Page,
  type Tone,
  useFormats,
  wordOf,
} from '@switchboard/ui';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { FileDown } from 'lucide-react';
import { useSetSearch } from '../search';
import { useExportTexts } from './exports.texts';

const LOOK_AGAIN_MS = 2000;

const tones: Readonly<Record<string, Tone>> = { running: 'info', done: 'good', failed: 'bad' };

export function ExportsPage() {
  const t = useExportTexts();
  const formats = useFormats();
  const set = useSetSearch();
  const { after } = useSearch({ from: '/console/exports' });
  const { data, error, isFetching, refetch } = useQuery({
    ...analyticsExportsListOptions({ query: { after, limit: 50 } }),
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) =>
      state.data?.data.some((one) => one.state === 'waiting' || one.state === 'running') ? LOOK_AGAIN_MS : false,
  });
  const columns: Column<AnalyticsExport>[] = [
    {
      ...{ id: 'file', title: t.file },
      cell: ({ fileName, link }) => (link ? <Link href={link}>{fileName}</Link> : fileName),
    },
    {
      ...{ id: 'state', title: t.state, width: '180px', phone: 'state' },
      cell: ({ state, problem }) => (
        <span className="ui-row">
          <Badge dot tone={tones[state] ?? 'neutral'}>
            {wordOf(t.states, state)}
          </Badge>
          {problem && <Link href={`/problems/${problem}`}>{t.why}</Link>}
        </span>
      ),
    },
    {
      ...{ id: 'rows', title: t.rows, width: '160px', align: 'end' },
      cell: (row) => <Rows of={row} />,
    },
    {
      ...{ id: 'size', title: t.size, width: '110px', align: 'end', phone: 'never' },
      cell: ({ bytes }) => (bytes === null ? null : formats.bytes(bytes)),
    },
    { id: 'asked', title: t.asked, width: '140px', cell: ({ createdAt }) => <Ago at={createdAt} /> },
    {
      ...{ id: 'until', title: t.until, width: '160px', phone: 'never' },
      cell: ({ state, expiresAt }) => (state === 'done' && expiresAt ? <Moment at={expiresAt} /> : null),
    },
  ];
  return (
    <Page title={t.title} about={t.about}>
      <DataTable
        label={t.title}
        columns={columns}
        rows={data?.data}
        idOf={({ id }) => id}
        nameOf={({ fileName }) => fileName}
        waiting={isFetching && !data}
        error={error}
        onRetry={() => void refetch()}
        paging={data && { ...data.page, onGo: (cursor) => set({ after: cursor }) }}
        empty={
          <Empty
            icon={<FileDown />}
            title={t.none}
            action={
              <ButtonLink look="primary" href="/console/boards">
                {t.boards}
              </ButtonLink>
            }
          >
            {t.noneText}
          </Empty>
        }
      />
    </Page>
  );
}

/** How many are written, of how many where that is known. */
function Rows({ of: { rows, totalRows, state } }: { of: AnalyticsExport }) {
  const formats = useFormats();
  if (rows === null) return null;
  if (state !== 'running' || !totalRows) return formats.number(rows);
  return `${formats.number(rows)} / ${formats.number(totalRows)} (${formats.percent(rows / totalRows, 0)})`;
}
