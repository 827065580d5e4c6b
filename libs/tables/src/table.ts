/**
 * - `day`: a calendar date, `2026-03-29`
 * - `time`: a Date, shown in the zone of the report
 * - `share`: 0 to 1, a percentage where the format knows them
 */
export type ColumnType = 'text' | 'integer' | 'number' | 'share' | 'day' | 'time';

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
}

/** Null where there is nothing, or where it is hidden. */
export type Cell = string | number | Date | null;
export type Row = readonly Cell[];

/** What is exported: read once, row by row, because it may be longer than memory. */
export interface Table {
  readonly columns: readonly Column[];
  readonly rows: AsyncIterable<Row>;
  /** An IANA name: in it times are told. */
  readonly zone: string;
}

/**
 * Whether a spreadsheet that opens the text as CSV would take it for a formula.
 * Source: OWASP, "CSV Injection"
 */
export const looksLikeFormula = (text: string): boolean => /^[=+\-@\t\r]/.test(text);
