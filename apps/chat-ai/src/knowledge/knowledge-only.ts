import { type KnownLocale, type Locale, localized } from '@switchboard/contracts';
import { type Passage, sourcesLine } from './citations';

/** More than three quotations are not read. */
const QUOTED = 3;

const WORDS: Record<KnownLocale, { found: string; nothing: string; topics: string; noTopics: string }> = {
  en: {
    found: 'No language model is connected here, so this is what the knowledge base says:',
    nothing: 'No language model is connected here, and I found nothing about this in the knowledge base.',
    topics: 'It covers:',
    noTopics: 'It is still empty.',
  },
  ru: {
    found: 'Языковая модель здесь не подключена, поэтому отвечаю выдержками из базы знаний:',
    nothing: 'Языковая модель здесь не подключена, а в базе знаний я ничего об этом не нашёл.',
    topics: 'В ней есть:',
    noTopics: 'Она пока пуста.',
  },
};

/** An answer made of quotations alone. It says that it is one, and never shows the system prompt. */
export function knowledgeOnlyAnswer(passages: readonly Passage[], topics: readonly string[], locale: Locale): string {
  const words = localized(WORDS, locale);
  if (passages.length === 0) {
    const known =
      topics.length > 0 ? `${words.topics}\n${topics.map((topic) => `- ${topic}`).join('\n')}` : words.noTopics;
    return `${words.nothing}\n\n${known}`;
  }
  const quoted = passages.slice(0, QUOTED);
  const quotes = quoted.map(({ heading, title, text }, i) => `**${heading || title}** [${i + 1}]\n\n${text}`);
  return [words.found, ...quotes, sourcesLine(new Map(quoted.map((passage, i) => [i + 1, passage])), locale)].join(
    '\n\n',
  );
}
