import { z } from 'zod';

/** Why a file was not read. */
export const FILE_PROBLEMS = [
  'file_too_large',
  'file_unsupported',
  'file_encrypted',
  'file_unsafe_archive',
  'file_zip_bomb',
  'file_scan',
  'file_empty',
  'file_too_complex',
  'file_unreadable',
  'reader_failed',
] as const;
export type FileProblem = (typeof FILE_PROBLEMS)[number];

/** What is missing of a file that was read. */
export const FILE_NOTES = [
  'text_cut',
  'pages_cut',
  'cells_cut',
  'pages_without_text',
  'layout_lost',
  'margins_lost',
] as const;
export type FileNote = (typeof FILE_NOTES)[number];

/** Markdown, or a reason. */
export const ReadResult = z.union([
  z.object({ text: z.string(), notes: z.array(z.enum(FILE_NOTES)) }),
  z.object({ problem: z.enum(FILE_PROBLEMS) }),
]);
export type ReadResult = z.output<typeof ReadResult>;

/** How the bytes of a file are to be taken. */
export const FILE_FORMATS = ['text', 'binary', 'csv', 'html'] as const;
export type FileFormat = (typeof FILE_FORMATS)[number];

/** As it may be kept: within the limit, and without zeros and halves of characters, which cannot be stored as text. */
export function storable(result: ReadResult): ReadResult {
  if ('problem' in result) return result;
  const text = result.text.slice(0, LIMITS.textCharacters).replaceAll('\u0000', '').toWellFormed();
  if (text.trim() === '') return { problem: 'file_empty' };
  const notes = result.text.length > LIMITS.textCharacters ? [...result.notes, 'text_cut' as const] : result.notes;
  return { text, notes };
}

/** Thrown by readers; any other error of theirs means `file_unreadable`. */
export class UnreadableFile extends Error {
  override readonly name = 'UnreadableFile';

  constructor(readonly problem: FileProblem) {
    super(problem);
  }
}

/**
 * The limits each file is read within; larger ones tie up the service and are books, not knowledge. A container of 1 GB holds one
 * reader of `memoryBytes`, a picture that is decoded (256 MB) and the service itself.
 */
export const LIMITS = {
  fileBytes: 10 * 1024 * 1024,
  textCharacters: 4 * 1024 * 1024,
  pdfPages: 500,
  cells: 200_000,
  rows: 50_000,
  sheets: 20,
  archiveEntries: 2000,
  inflatedBytes: 100 * 1024 * 1024,
  inflatedEntryBytes: 50 * 1024 * 1024,
  inflatedRatio: 200,
  readingMs: 60_000,
  memoryBytes: 384 * 1024 * 1024,
} as const;
