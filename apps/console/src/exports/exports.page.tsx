import type { AnalyticsExport } from '@switchboard/api-client';
import { Ago, ButtonLink, type Column, DataTable, Empty, Moment, Page, useFormats } from '@switchboard/ui';
import { useSearch } from '@tanstack/react-router';
import { FileDown } from 'lucide-react';
import { useBotNames } from '../bots/bots.api';
import { useList } from '../list';
import { KeptFrom } from '../period/kept-from';
import { ExportFile, ExportRows, ExportState } from './export-parts';
import { exportsQuery } from './exports.api';
import { useExportTexts } from './exports.texts';

export function ExportsPage() {
  const t = useExportTexts();
  const formats = useFormats();
  const { after } = useSearch({ from: '/console/exports' });
  const { list } = useList(exportsQuery({ after, limit: 50 }));
  const columns: Column<AnalyticsExport>[] = [
    { id: 'file', title: t.file, cell: (row) => <File of={row} /> },
    {
      ...{ id: 'state', title: t.state, width: '180px', phone: 'state' },
      cell: (row) => <ExportState of={row} />,
    },
    {
      ...{ id: 'rows', title: t.rows, width: '160px', align: 'end' },
      cell: (row) => <ExportRows of={row} />,
    },
    {
      ...{ id: 'size', title: t.size, width: '110px', align: 'end', phone: 'never' },
      cell: ({ bytes }) => (bytes === null ? null : formats.bytes(bytes)),
    },
    { id: 'asked', title: t.asked, width: '140px', cell: ({ createdAt }) => <Ago at={createdAt} /> },
    {
      ...{ id: 'until', title: t.until, width: '180px', phone: 'never' },
      cell: ({ state, expiresAt }) => (state === 'done' && expiresAt ? <Moment at={expiresAt} /> : null),
    },
  ];
  return (
    <Page title={t.title} about={t.about}>
      <DataTable
        label={t.title}
        columns={columns}
        {...list}
        idOf={({ id }) => id}
        nameOf={({ fileName }) => fileName}
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

/** What it is of tells apart files of the same name; and why one begins later than was asked for. */
function File({ of: row }: { of: AnalyticsExport }) {
  const t = useExportTexts();
  const formats = useFormats();
  const nameOf = useBotNames();
  const { botId, from, to, keptFrom } = row;
  const day = (date: string) => formats.date(date, 'UTC');
  const period = from && to && (from === to ? day(from) : `${day(from)} – ${day(to)}`);
  return (
    <span className="two-lines">
      <span>
        <ExportFile of={row} />
      </span>
      <small>{[botId === null ? t.allBots : nameOf(botId), period].filter(Boolean).join(', ')}</small>
      {keptFrom && (
        <small>
          <KeptFrom day={keptFrom} />
        </small>
      )}
    </span>
  );
}
