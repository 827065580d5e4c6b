import { type KnownLocale, type Locale, localized } from '@switchboard/contracts';
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

/** Thrown by readers; any other error of theirs means `file_unreadable`. */
export class UnreadableFile extends Error {
  override readonly name = 'UnreadableFile';

  constructor(readonly problem: FileProblem) {
    super(problem);
  }
}

/** Source: the limits each file is read within; larger ones tie up the service and are books, not knowledge. */
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
  memoryBytes: 512 * 1024 * 1024,
} as const;

const SENTENCES: Record<KnownLocale, Record<FileProblem | FileNote, string>> = {
  en: {
    file_too_large: 'The file is larger than 10 MB; split it.',
    file_unsupported: 'Files of this kind are not read. Known are PDF, DOCX, XLSX, CSV, HTML, Markdown and plain text.',
    file_encrypted:
      'The file is protected by a password or in an old Office format; save it as DOCX, XLSX or PDF without a password.',
    file_unsafe_archive: 'The file holds names that lead outside of it, or an archive within; save it anew.',
    file_zip_bomb: 'Unpacked, the file is too large to be read.',
    file_scan: 'The pages are pictures without text; recognise the text first.',
    file_empty: 'There is no text in the file.',
    file_too_complex: 'Reading the file took too long or too much memory; split it.',
    file_unreadable: 'The file is damaged or not what its name says.',
    text_cut: 'The text is very long; only its beginning is used.',
    pages_cut: 'Only the first 500 pages are used.',
    cells_cut: 'The table is very large; only its beginning is used.',
    pages_without_text: 'Some pages are pictures without text and are missing.',
    layout_lost: 'Columns and indentation of the pages are not kept.',
    margins_lost: 'Comments, tracked changes, headers, footers and text boxes are not read.',
  },
  ru: {
    file_too_large: 'Файл больше 10 МБ; разделите его.',
    file_unsupported: 'Такие файлы не читаются. Подходят PDF, DOCX, XLSX, CSV, HTML, Markdown и простой текст.',
    file_encrypted:
      'Файл защищён паролем или сохранён в старом формате Office; сохраните его как DOCX, XLSX или PDF без пароля.',
    file_unsafe_archive: 'В файле есть имена, ведущие за его пределы, или вложенный архив; сохраните его заново.',
    file_zip_bomb: 'В распакованном виде файл слишком велик.',
    file_scan: 'Страницы файла — картинки без текста; сначала распознайте текст.',
    file_empty: 'В файле нет текста.',
    file_too_complex: 'Чтение файла заняло слишком много времени или памяти; разделите его.',
    file_unreadable: 'Файл повреждён или не того вида, что в его имени.',
    text_cut: 'Текст очень длинный; используется только начало.',
    pages_cut: 'Используются только первые 500 страниц.',
    cells_cut: 'Таблица очень большая; используется только начало.',
    pages_without_text: 'Часть страниц — картинки без текста, их нет в базе.',
    layout_lost: 'Колонки и отступы страниц не сохраняются.',
    margins_lost: 'Примечания, исправления, колонтитулы и надписи не читаются.',
  },
};

/** For the owner of the file. */
export const sentenceFor = (what: FileProblem | FileNote, locale: Locale): string => localized(SENTENCES, locale)[what];
