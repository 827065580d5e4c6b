import { type KnownLocale, type Locale, localized } from '@switchboard/contracts';
import { FILE_NOTES, FILE_PROBLEMS, type FileNote, type FileProblem } from '../documents/read-result';
import { sentenceFor } from '../documents/read-result-texts';

/** Why a page was not had. */
export type PageProblem =
  'page_address_refused' | 'page_unknown_name' | 'page_unreachable' | 'page_refused' | 'page_gone';
export type EntryProblem = FileProblem | PageProblem;

const SENTENCES: Record<KnownLocale, Record<PageProblem, string>> = {
  en: {
    page_address_refused: 'The address leads into a private network, or is none of a public page; it is not asked.',
    page_unknown_name: 'There is no server of this name.',
    page_unreachable: 'The server does not answer, or not in time; it is tried again.',
    page_refused: 'The server does not give the page out.',
    page_gone: 'There is no such page any more.',
  },
  ru: {
    page_address_refused:
      'Адрес ведёт во внутреннюю сеть или не является адресом открытой страницы; он не запрашивается.',
    page_unknown_name: 'Сервера с таким именем нет.',
    page_unreachable: 'Сервер не отвечает или отвечает слишком долго; будет новая попытка.',
    page_refused: 'Сервер не отдаёт эту страницу.',
    page_gone: 'Такой страницы больше нет.',
  },
};

const ofFiles: ReadonlySet<string> = new Set([...FILE_PROBLEMS, ...FILE_NOTES]);

const isOfFile = (code: EntryProblem | FileNote): code is FileProblem | FileNote => ofFiles.has(code);

/** With a sentence for whoever looks after the knowledge base. */
export const described = (code: EntryProblem | FileNote, locale: Locale): { code: string; message: string } => ({
  code: `chat-ai.${code}`,
  message: isOfFile(code) ? sentenceFor(code, locale) : localized(SENTENCES, locale)[code],
});
