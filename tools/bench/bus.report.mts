import { parseArgs } from 'node:util';
import { z } from 'zod';

/** The value in the middle; null when there is none. */
export function median(values: number[] = []): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  const at = Math.floor(sorted.length / 2);
  if (sorted.length === 0) return null;
  return sorted.length % 2 === 1 ? sorted[at]! : (sorted[at - 1]! + sorted[at]!) / 2;
}

export function rounded(value: number | null, digits = 0): number | null {
  return value === null || Number.isNaN(value) ? null : Number(value.toFixed(digits));
}

/** Prints columns, the first one to the left and the others to the right. */
export function table(head: string[], rows: (string | number | null | undefined)[][]): void {
  const text = [head, ...rows].map((row) => row.map((cell) => String(cell ?? '–')));
  const widths = head.map((_, column) => Math.max(...text.map((row) => row[column]!.length)));
  const pad = (cell: string, column: number) =>
    column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!);
  for (const row of text) console.log(`  ${row.map(pad).join('  ')}`);
}

/** `--name value` for each field of `schema`; what does not fit is an Error that says so. */
export function optionsFrom<Schema extends z.ZodObject>(schema: Schema, args: string[]): z.output<Schema> {
  const names = Object.keys(schema.shape).map((name) => [name, { type: 'string' as const }] as const);
  const { values } = parseArgs({ args, options: Object.fromEntries(names) });
  const { data, error } = schema.safeParse(values);
  if (error) throw new Error(z.prettifyError(error));
  return data;
}
