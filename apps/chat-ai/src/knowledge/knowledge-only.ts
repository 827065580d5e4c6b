import { type KnownLocale, type Locale, localized } from '@switchboard/contracts';
import { sourcesLine } from './citations';
import type { Quotation } from './knowledge.service';

const WORDS: Record<KnownLocale, { certain: string; near: string; nothing: string; topics: string; empty: string }> = {
  en: {
    certain: 'No language model is connected here, so this is what the knowledge base says:',
    near: 'No language model is connected here, and the knowledge base has no exact answer. Maybe this helps:',
    nothing: 'No language model is connected here, and I found nothing about this in the knowledge base.',
    topics: 'Choose a topic, or ask in other words:',
    empty: 'It is still empty.',
  },
  ru: {
    certain: 'Языковая модель здесь не подключена, поэтому отвечаю выдержками из базы знаний:',
    near: 'Языковая модель здесь не подключена, а точного ответа в базе знаний нет. Возможно, поможет это:',
    nothing: 'Языковая модель здесь не подключена, а в базе знаний я ничего об этом не нашёл.',
    topics: 'Выберите тему или спросите другими словами:',
    empty: 'Она пока пуста.',
  },
};

/**
 * An answer made of quotations alone. It says that it is one, how sure it is, and never shows the system prompt. Topics to
 * choose from go along with it as suggestions.
 */
export function knowledgeOnlyAnswer({ certainty, passages, topics }: Quotation, locale: Locale): string {
  const words = localized(WORDS, locale);
  const quotes = passages.map(({ heading, title, text }, i) => `**${heading || title}** [${i + 1}]\n\n${text}`);
  const sources = passages.length > 0 && sourcesLine(new Map(passages.map((passage, i) => [i + 1, passage])), locale);
  const choice = topics.length > 0 && words.topics;
  const isEmpty = certainty === 'nothing' && topics.length === 0 && words.empty;
  return [words[certainty], ...quotes, sources, choice, isEmpty].filter(Boolean).join('\n\n');
}
