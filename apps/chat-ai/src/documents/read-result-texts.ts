import { type KnownLocale, type Locale, localized } from '@switchboard/contracts';
import type { FileNote, FileProblem } from './read-result';

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
    reader_failed: 'The file could not be read just now; it is tried again.',
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
    reader_failed: 'Файл пока не удалось прочитать; скоро будет новая попытка.',
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
