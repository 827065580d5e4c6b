import { strToU8, Zip, ZipDeflate, ZipPassThrough } from 'fflate';
import { DateTime } from 'luxon';
import { type Cell, type Column, type ColumnType, looksLikeFormula, type Row, type Table } from './table';

/** Excel's limit is 1,048,576, of which one is the header. */
const MOST_ROWS = 1_048_575;
/** Excel's limit for the text of a cell. */
const MOST_CHARACTERS = 32_767;
const BATCH_CHARACTERS = 64 * 1024;

/** A sheet of texts after the data. */
export interface Notes {
  readonly name: string;
  readonly rows: readonly (readonly string[])[];
}

export interface XlsxOptions {
  /** Of a sheet of data; the second is called `Data 2`. */
  readonly name: string;
  /** Asked for when all rows have been read. */
  readonly notes: () => Notes;
  readonly mostRows?: number;
}

/**
 * A table as a workbook (ECMA-376): typed cells, a frozen header, more sheets when one is full. Written as it is read: neither rows nor
 * file are held in memory.
 */
export async function* xlsxOf(
  { columns, rows, zone }: Table,
  { name, notes, mostRows = MOST_ROWS }: XlsxOptions,
): AsyncGenerator<Uint8Array> {
  const ready: Uint8Array[] = [];
  const zip = new Zip((error, bytes) => {
    if (error) throw error;
    ready.push(bytes);
  });
  const sheets: string[] = [];
  /** Begins a sheet; writes to it until it is closed. */
  const open = (title: string, columns: readonly Column[], header: boolean) => {
    sheets.push(title);
    const file = new ZipDeflate(`xl/worksheets/sheet${sheets.length}.xml`, { level: 6 });
    zip.add(file);
    let count = 0;
    let batch = sheetStart(header);
    const flush = () => {
      file.push(strToU8(batch));
      batch = '';
    };
    const write = (row: Row, style?: number) => {
      batch += rowOf(row, columns, ++count, { zone, style });
      if (batch.length >= BATCH_CHARACTERS) flush();
    };
    const close = () => {
      batch += '</sheetData></worksheet>';
      flush();
      file.push(new Uint8Array(), true);
    };
    return { write, close, rows: () => count };
  };
  const openData = () => {
    const data = open(sheets.length === 0 ? name : `${name} ${sheets.length + 1}`, columns, true);
    data.write(
      columns.map((column) => column.name),
      STYLES.header,
    );
    return data;
  };

  let data = openData();
  for await (const row of rows) {
    if (data.rows() > mostRows) {
      data.close();
      data = openData();
    }
    data.write(row);
    yield* ready.splice(0);
  }
  data.close();

  const about = notes();
  const width = Math.max(0, ...about.rows.map(({ length }) => length));
  const texts = open(
    about.name,
    Array.from({ length: width }, () => ({ name: '', type: 'text' })),
    false,
  );
  for (const row of about.rows) texts.write(row);
  texts.close();

  for (const [path, content] of partsOf(sheets)) {
    const part = new ZipPassThrough(path);
    zip.add(part);
    part.push(strToU8(content), true);
  }
  zip.end();
  yield* ready;
}

/** The place of each in `cellXfs`, below. */
const STYLES = { general: 0, header: 1, integer: 2, number: 3, share: 4, day: 5, time: 6, defused: 7 } as const;

const STYLE_OF: Record<Exclude<ColumnType, 'text'>, number> = STYLES;

function rowOf(
  row: Row,
  columns: readonly Column[],
  number: number,
  { zone, style }: { zone: string; style?: number | undefined },
): string {
  const cells = row.map((cell, i) => cellOf(cell, columns[i]!.type, `${letters(i)}${number}`, zone, style));
  return `<row r="${number}">${cells.join('')}</row>`;
}

function cellOf(cell: Cell, type: ColumnType, at: string, zone: string, style?: number): string {
  if (cell === null) return '';
  if (type === 'text' || style !== undefined) {
    const text = String(cell);
    return textCell(text, at, style ?? (looksLikeFormula(text) ? STYLES.defused : STYLES.general));
  }
  const value =
    cell instanceof Date ? localSerialOf(cell, zone) : typeof cell === 'string' ? serialOf(`${cell}T00:00:00Z`) : cell;
  return `<c r="${at}" s="${STYLE_OF[type]}"><v>${value}</v></c>`;
}

/** 0 → A, 25 → Z, 26 → AA */
function letters(column: number): string {
  const last = String.fromCharCode(65 + (column % 26));
  return column < 26 ? last : letters(Math.floor(column / 26) - 1) + last;
}

/** As a text it is never a formula; `defused` says so even to who edits the cell (`quotePrefix`). */
const textCell = (text: string, at: string, style: number) =>
  `<c r="${at}" t="inlineStr" s="${style}"><is><t xml:space="preserve">${escaped(text.slice(0, MOST_CHARACTERS))}</t></is></c>`;

const DAY_MS = 86_400_000;
/** Day 0 of spreadsheets: they take 1900 for a leap year. */
const EPOCH = Date.UTC(1899, 11, 30);

const serialOf = (iso: string): number => (Date.parse(iso) - EPOCH) / DAY_MS;

/** Spreadsheets know no zones: what clocks show in this one. */
const localSerialOf = (time: Date, zone: string): number =>
  serialOf(DateTime.fromJSDate(time, { zone }).setZone('utc', { keepLocalTime: true }).toISO()!);

const XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
const MAIN = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
const OFFICE = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const PACKAGE = 'http://schemas.openxmlformats.org/package/2006';
const CONTENT = 'application/vnd.openxmlformats-officedocument.spreadsheetml';

function sheetStart(hasHeader: boolean): string {
  const frozen = '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>';
  return (
    `${XML}<worksheet xmlns="${MAIN}"><sheetViews><sheetView workbookViewId="0">${hasHeader ? frozen : ''}</sheetView></sheetViews>` +
    '<sheetFormatPr defaultColWidth="16" defaultRowHeight="15"/><sheetData>'
  );
}

/** All parts of the package but its sheets. */
function partsOf(sheets: readonly string[]): [path: string, content: string][] {
  const each = (part: (name: string, number: number) => string) => sheets.map((name, i) => part(name, i + 1)).join('');
  const relation = (id: string, type: string, target: string) =>
    `<Relationship Id="${id}" Type="${OFFICE}/${type}" Target="${target}"/>`;
  const relations = (all: string) => `${XML}<Relationships xmlns="${PACKAGE}/relationships">${all}</Relationships>`;
  return [
    [
      '[Content_Types].xml',
      `${XML}<Types xmlns="${PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
        `<Override PartName="/xl/workbook.xml" ContentType="${CONTENT}.sheet.main+xml"/><Override PartName="/xl/styles.xml" ContentType="${CONTENT}.styles+xml"/>` +
        `${each((_, n) => `<Override PartName="/xl/worksheets/sheet${n}.xml" ContentType="${CONTENT}.worksheet+xml"/>`)}</Types>`,
    ],
    ['_rels/.rels', relations(relation('rId1', 'officeDocument', 'xl/workbook.xml'))],
    [
      'xl/workbook.xml',
      `${XML}<workbook xmlns="${MAIN}" xmlns:r="${OFFICE}"><bookViews><workbookView/></bookViews><sheets>` +
        `${each((name, n) => `<sheet name="${escaped(name)}" sheetId="${n}" r:id="rId${n}"/>`)}</sheets></workbook>`,
    ],
    [
      'xl/_rels/workbook.xml.rels',
      relations(
        each((_, n) => relation(`rId${n}`, 'worksheet', `worksheets/sheet${n}.xml`)) +
          relation(`rId${sheets.length + 1}`, 'styles', 'styles.xml'),
      ),
    ],
    ['xl/styles.xml', STYLE_SHEET],
  ];
}

const styled = (attributes: string) => `<xf numFmtId="0" fontId="0" fillId="0" borderId="0" ${attributes}/>`;
const formatted = (format: number) =>
  `<xf numFmtId="${format}" fontId="0" fillId="0" borderId="0" applyNumberFormat="1"/>`;

/** In the order of `STYLES`. Formats 3, 4 and 10 are built in: `#,##0`, `#,##0.00`, `0.00%`. */
const CELL_STYLES = [
  styled(''),
  '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" applyFont="1"/>',
  ...[3, 4, 10, 164, 165].map(formatted),
  styled('quotePrefix="1"'),
];

const STYLE_SHEET =
  `${XML}<styleSheet xmlns="${MAIN}"><numFmts count="2"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/><numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd\\ hh:mm"/></numFmts>` +
  '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts>' +
  '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>' +
  `<borders count="1"><border/></borders><cellStyleXfs count="1">${styled('')}</cellStyleXfs>` +
  `<cellXfs count="${CELL_STYLES.length}">${CELL_STYLES.join('')}</cellXfs></styleSheet>`;

/** XML 1.0 has no way to write other control characters, nor half a surrogate pair. */
const escaped = (text: string): string =>
  text
    .toWellFormed()
    .replaceAll(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g, '\uFFFD')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll('\r', '&#13;');
