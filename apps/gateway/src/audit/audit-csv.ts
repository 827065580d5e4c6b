import type { AuditRecord } from './audit-chain';
import { canonical } from './audit-chain';

const COLUMNS: readonly [name: string, cell: (record: AuditRecord) => unknown][] = [
  ['id', ({ stream, seq }) => `${stream}.${seq}`],
  ['at', ({ at }) => at],
  ['actor_kind', ({ actor }) => actor.kind],
  ['actor_id', ({ actor }) => actor.id],
  ['actor_label', ({ actor }) => actor['label']],
  ['action', ({ action }) => action],
  ['resource_type', ({ resource }) => resource.type],
  ['resource_id', ({ resource }) => resource.id],
  ['bot', ({ bot }) => bot],
  ['person', ({ person }) => person],
  ['result', ({ result }) => result],
  ['reason', ({ reason }) => reason],
  ['request', ({ request }) => request],
  // The whole of it, as it is hashed.
  ['entry', canonical],
];

const line = (cells: readonly string[]) => `${cells.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(',')}\r\n`;

/** RFC 4180. */
export const CSV_HEAD = line(COLUMNS.map(([name]) => name));

export const csvLine = (record: AuditRecord): string => line(csvCells(record));

export const csvCells = (record: AuditRecord): string[] =>
  COLUMNS.map(([, cell]) => asText(String(cell(record) ?? '')));

/** A spreadsheet would take such a text for a formula. Source: OWASP, "CSV Injection". */
const asText = (cell: string) => (/^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell);
