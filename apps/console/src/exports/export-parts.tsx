import type { AnalyticsExport } from '@switchboard/api-client';
import { Badge, Link, type Tone, useFormats, wordOf } from '@switchboard/ui';
import { useExportTexts } from './exports.texts';

const tones: Readonly<Record<string, Tone>> = { running: 'info', done: 'good', failed: 'bad' };

/** How far it is, and of one that failed, where to read why. */
export function ExportState({ of: { state, problem } }: { of: AnalyticsExport }) {
  const t = useExportTexts();
  return (
    <span className="ui-row">
      <Badge dot tone={tones[state] ?? 'neutral'}>
        {wordOf(t.states, state)}
      </Badge>
      {problem && <Link href={`/problems/${problem}`}>{t.why}</Link>}
    </span>
  );
}

/** The file, once it is there. */
export const ExportFile = ({ of: { link, fileName } }: { of: AnalyticsExport }) =>
  link ? <Link href={link}>{fileName}</Link> : fileName;

/** How many are written, of how many where that is known. */
export function ExportRows({ of: { rows, totalRows, state } }: { of: AnalyticsExport }) {
  const formats = useFormats();
  if (rows === null) return null;
  if (state !== 'running' || !totalRows) return formats.number(rows);
  return `${formats.number(rows)} / ${formats.number(totalRows)} (${formats.percent(rows / totalRows, 0)})`;
}
