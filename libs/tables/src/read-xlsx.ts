import readExcelFile from 'read-excel-file/node';

/** What is beyond them is cut. */
export interface TableLimits {
  readonly sheets: number;
  readonly rows: number;
  readonly cells: number;
}

/** From the first row on that is not empty. */
export interface Sheet {
  readonly name: string;
  /** The number of that row in the file. */
  readonly firstRow: number;
  readonly rows: readonly (readonly string[])[];
}

/** Sheets that are not empty, formulas as their stored values. @throws Error for what is no XLSX */
export async function readXlsxSheets(bytes: Buffer, limits: TableLimits): Promise<{ sheets: Sheet[]; cut: boolean }> {
  const all = await readExcelFile(bytes);
  let cut = all.length > limits.sheets;
  let cells = 0;
  const sheets = all.slice(0, limits.sheets).flatMap(({ sheet, data }): Sheet[] => {
    const first = data.findIndex((row) => row.some((cell) => cell !== null));
    if (first < 0) return [];
    const rows: string[][] = [];
    for (const row of data.slice(first)) {
      cells += row.length;
      if (rows.length >= limits.rows || cells > limits.cells) {
        cut = true;
        break;
      }
      rows.push(row.map((cell) => textOf(cell)));
    }
    return [{ name: sheet, firstRow: first + 1, rows }];
  });
  return { sheets, cut };
}

function textOf(cell: unknown): string {
  if (cell === null || cell === undefined) return '';
  if (!(cell instanceof Date)) return String(cell);
  // A day without an hour is written as a day.
  const iso = cell.toISOString();
  return iso.endsWith('T00:00:00.000Z') ? iso.slice(0, 10) : iso.slice(0, 16).replace('T', ' ');
}
