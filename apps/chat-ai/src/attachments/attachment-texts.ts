import { type KnownLocale, type Locale, localized } from '@switchboard/contracts';
import type { FileNote, FileProblem } from '../documents/read-result';
import { sentenceFor } from '../documents/read-result-texts';

/** Why a file that came with a message was not read. */
export type AttachmentProblem =
  FileProblem | 'file_gone' | 'too_many_files' | 'picture_too_large' | 'picture_unreadable';
export type AttachmentNote = FileNote;

/** What the owner of a knowledge base is told otherwise, or never. */
type OwnProblem = Exclude<AttachmentProblem, FileProblem> | 'file_unsupported';

const SENTENCES: Record<KnownLocale, Record<OwnProblem, string>> = {
  en: {
    file_unsupported:
      'I cannot read files of this kind. I read PDF, DOCX, XLSX, CSV, HTML, Markdown and plain text, and look at JPEG, PNG, WebP and GIF pictures.',
    file_gone: 'I could not get the file any more. Please send it again.',
    too_many_files: 'These are more files than I can look at in a day. Please send it tomorrow.',
    picture_too_large: 'The picture has too many pixels. Please send a smaller one.',
    picture_unreadable: 'The picture is damaged. Please send it again.',
  },
  ru: {
    file_unsupported:
      'Такие файлы я не читаю. Подходят PDF, DOCX, XLSX, CSV, HTML, Markdown и простой текст, а из картинок JPEG, PNG, WebP и GIF.',
    file_gone: 'Не удалось получить файл. Пришлите его, пожалуйста, ещё раз.',
    too_many_files: 'За день столько файлов мне не просмотреть. Пришлите, пожалуйста, завтра.',
    picture_too_large: 'В картинке слишком много точек. Пришлите, пожалуйста, картинку поменьше.',
    picture_unreadable: 'Картинка повреждена. Пришлите её, пожалуйста, ещё раз.',
  },
};

const READ_IN_PART: Record<KnownLocale, string> = {
  en: 'I read only a part of the file.',
  ru: 'Файл прочитан не целиком.',
};

/** That columns or margins of a page are lost is said to owners of files, who can do something about it. */
const TOLD_NOTES: readonly AttachmentNote[] = ['text_cut', 'pages_cut', 'cells_cut', 'pages_without_text'];

interface ReadFile {
  readonly fileName?: string | undefined;
  readonly problem: AttachmentProblem | null;
  readonly notes: readonly AttachmentNote[];
}

/** What the person is to know about a file they sent, in Markdown; undefined when there is nothing to say. */
export function remarkOn({ fileName, problem, notes }: ReadFile, locale: Locale): string | undefined {
  const isCut = notes.some((note) => TOLD_NOTES.includes(note));
  const remark = problem ? sentence(problem, locale) : isCut ? localized(READ_IN_PART, locale) : undefined;
  return remark && [fileName && `${withoutMarkup(fileName)}:`, remark].filter(Boolean).join(' ');
}

function sentence(problem: AttachmentProblem, locale: Locale): string {
  const own = localized(SENTENCES, locale);
  return isOwn(problem) ? own[problem] : sentenceFor(problem, locale);
}

const isOwn = (problem: AttachmentProblem): problem is OwnProblem => problem in SENTENCES.en;

const withoutMarkup = (name: string) => name.replaceAll(/[\\`*_~[\]<>|]/g, '\\$&');
