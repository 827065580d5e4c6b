// Writing
export { type Cell, type Column, type ColumnType, type Row, type Table } from './table';
export { csvOf, type CsvOptions } from './write-csv';
export { type Notes, xlsxOf, type XlsxOptions } from './write-xlsx';

// Reading
export { ArchiveRefused, type ArchiveLimits, type ArchiveProblem, checkArchive } from './check-archive';
export { decodeText } from './decode-text';
export { readCsvRows } from './read-csv';
export { readXlsxSheets, type Sheet, type TableLimits } from './read-xlsx';
