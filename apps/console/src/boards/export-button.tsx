import { analyticsExportsOpen, type AnalyticsExportsOpenData } from '@switchboard/api-client';
import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  Facts,
  Form,
  FormProblem,
  Moment,
  notify,
  RadioGroup,
  Stack,
  SubmitButton,
  useForm,
  useKitTexts,
  useLanguage,
} from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { Download } from 'lucide-react';
import { useState } from 'react';
import { ExportFile, ExportRows, ExportState } from '../exports/export-parts';
import { exportsQuery } from '../exports/exports.api';
import { useExportTexts } from '../exports/exports.texts';
import { refresh } from '../http/api';
import { type BoardId, type BoardQuery, stepsOf } from './board-query';
import { useBoardTexts } from './boards.texts';

type Of = AnalyticsExportsOpenData['body']['of'];
interface BoardSearch {
  kind?: string;
  cohort?: string;
  steps?: string;
  order?: string;
  window?: string;
  by?: string;
}

/** Writes the board, as it is seen, into a file. */
export function ExportButton(props: { board: BoardId; query: BoardQuery; search: BoardSearch }) {
  const t = useBoardTexts();
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button icon={<Download />} onPress={() => setOpen(true)}>
        {t.export}
      </Button>
      {open && <ExportDialog {...props} onClose={() => setOpen(false)} />}
    </>
  );
}

function ExportDialog({
  board,
  query,
  search,
  onClose,
}: {
  board: BoardId;
  query: BoardQuery;
  search: BoardSearch;
  onClose: () => void;
}) {
  const t = useBoardTexts();
  const kit = useKitTexts();
  const { language } = useLanguage();
  const [format, setFormat] = useState<'csv' | 'xlsx'>('xlsx');
  const exports = useExportTexts();
  const files = useQuery(exportsQuery({ limit: 10 }));
  const form = useForm({
    send: (values, key) =>
      analyticsExportsOpen({
        headers: { 'Idempotency-Key': key },
        body: {
          of: reportOf(board, query, search),
          format,
          locale: language,
          delimiter: values.text('delimiter') === 'semicolon' ? ';' : ',',
        },
      }),
    done: () => {
      notify({ text: t.exportStarted });
      void refresh('analyticsExports');
    },
  });
  return (
    <Dialog title={t.exportTitle} about={t.boards[board]} isOpen onOpenChange={(open) => !open && onClose()}>
      <Form form={form}>
        <DialogBody>
          <FormProblem form={form} />
          <RadioGroup
            label={t.format}
            value={format}
            onChange={(id) => setFormat(id as 'csv' | 'xlsx')}
            cards
            choices={(['xlsx', 'csv'] as const).map((id) => ({ id, label: t.formats[id] }))}
          />
          {format === 'csv' && (
            <RadioGroup
              name="delimiter"
              label={t.delimiter}
              defaultValue={language === 'ru' ? 'semicolon' : 'comma'}
              choices={(['comma', 'semicolon'] as const).map((id) => ({ id, label: t.delimiters[id] }))}
            />
          )}
          <Stack gap={8}>
            <h3>{exports.files}</h3>
            {files.data?.data.length === 0 && <p className="soft">{exports.none}</p>}
            {files.data?.data.map((file) => (
              <Facts
                key={file.id}
                facts={[
                  [<ExportState key="state" of={file} />, <ExportFile key="file" of={file} />],
                  [exports.rows, file.state === 'running' && file.rows !== null && <ExportRows key="rows" of={file} />],
                  [
                    exports.until,
                    file.state === 'done' && file.expiresAt && <Moment key="until" at={file.expiresAt} />,
                  ],
                ]}
              />
            ))}
          </Stack>
        </DialogBody>
        <DialogActions>
          <Button onPress={onClose}>{kit.close}</Button>
          <SubmitButton form={form}>{t.exportStart}</SubmitButton>
        </DialogActions>
      </Form>
    </Dialog>
  );
}

function reportOf(board: BoardId, query: BoardQuery, { kind, cohort, steps, order, window, by }: BoardSearch): Of {
  const { zone, botId } = query;
  switch (board) {
    case 'business':
      return { report: 'business', query: { zone, botId } };
    case 'retention':
      return { report: 'retention', query: { ...query, kind, cohort } } as Of;
    case 'funnel': {
      const windowMinutes = window ? Number(window) : undefined;
      return { report: 'funnel', query: { ...query, steps: stepsOf(steps).join(','), order, windowMinutes } } as Of;
    }
    case 'activity':
      return { report: 'activity', query: { ...query, by } } as Of;
    default:
      return { report: board, query } as Of;
  }
}
