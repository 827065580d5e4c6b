import { condense } from '../conversations/condense';
import type { FoundPassage } from '../knowledge/knowledge.service';
import { languageOf, wordsOf } from '../knowledge/words';
import type { Told } from './open-turns.service';

/** A passage that speaks of everything that is asked. */
const CERTAIN = 0.8;
/** A passage that speaks of a part of it. */
const NEAR = 0.2;
/** Where one is certain, so many go along at least: a model may see more in them than words do. */
const AT_LEAST = 5;
const AT_MOST = 10;
/** So many answers back what was cited is still talked about. */
const ANSWERS_BACK = 2;
const FEW_WORDS = 4;

const ASKS =
  /\?|(?<!\p{L})(?:как\p{L}*|где|когда|куда|откуда|сколько|почем|почём|поч[её]му|зачем|кто|чей|что|чем|можно|нужн\p{L}*|нельзя|есть|ли|подскаж\p{L}*|скаж\p{L}*|расскаж\p{L}*|посовету\p{L}*|напомни\p{L}*|покаж\p{L}*|хочу|ищу|хотел\p{L}*|интересу\p{L}*|а если|бывает)(?!\p{L})|\b(?:how|where|when|what|which|who|whose|why|can|could|do|does|is|are|will|would|should|may|tell|show|recommend|need|want|looking|any|have you|remind|advise)\b/iu;

/** What was said earlier is told in short, in the place of its summary and together with it. */
export function withCondensedHistory<T extends Told>(turn: T): T {
  const condensed = condense(turn.history);
  if (!condensed) return turn;
  const summary = [turn.summary, condensed.text].filter(Boolean).join('\n\n');
  const history = turn.history.map((message) =>
    condensed.ids.has(message.id) ? { ...message, summarised: true } : message,
  );
  return { ...turn, summary, history };
}

/**
 * Of the passages that were found, those that the words of the question speak for; all of them where these do not tell, because the model
 * is the better judge. What was cited a moment ago stays, and for "thank you" nothing goes along but that.
 */
export function relevantPassages(
  found: readonly FoundPassage[],
  { question, history }: Pick<Told, 'question' | 'history'>,
): readonly FoundPassage[] {
  if (found.length <= AT_LEAST) return found;
  const text = question.map((message) => message.text).join('\n');
  const passages = withoutTranslations(found, [
    ...history.filter(({ role }) => role === 'user').slice(-2),
    ...question,
  ]);
  const best = passages.reduce((most, { coverage }) => Math.max(most, coverage), 0);
  const cited = citedLately(history);
  const isCited = ({ title, heading }: FoundPassage) => cited.has(heading ? `${title} › ${heading}` : title);
  const most = mostFor(text, best);
  if (most === undefined) return passages;
  const keep = (rank: number, coverage: number) =>
    rank < AT_LEAST || (rank < most && (coverage >= NEAR || best < CERTAIN));
  return passages.filter((passage, rank) => keep(rank, passage.coverage) || isCited(passage));
}

/**
 * How many passages go along; undefined where words do not tell which. One word in common with a passage makes a short question look answered. Measures and
 * dates are said to be looked up, though nothing is asked.
 */
function mostFor(text: string, best: number): number | undefined {
  const words = wordsOf(text).length;
  const asks = ASKS.test(text) || /\d/.test(text);
  if (best >= CERTAIN) return words >= FEW_WORDS ? AT_MOST : undefined;
  if (asks) return undefined;
  return best >= NEAR || words > FEW_WORDS ? AT_MOST : AT_LEAST;
}

/** Of a file that there is in the language of the person as well, such as `prices.en.md` beside `prices.ru.md`. */
function withoutTranslations(
  passages: readonly FoundPassage[],
  said: readonly { text: string }[],
): readonly FoundPassage[] {
  const text = said.map((message) => message.text).join('\n');
  if (!/\p{L}/u.test(text)) return passages;
  const language = languageOf(text);
  const sources = new Set(passages.map(({ source }) => source));
  return passages.filter(({ source }) => {
    const own = source.replace(/\.(?:ru|en)(?=\.\w+$)/, `.${language}`);
    return own === source || !sources.has(own);
  });
}

/** By the lines with the names of sources below the last answers. */
function citedLately(history: Told['history']): ReadonlySet<string> {
  const answers = history.filter(({ role }) => role === 'assistant').slice(-ANSWERS_BACK);
  const lines = answers.flatMap(({ text }) => /\n\*(?:Sources|Источники): (.*)\*\s*$/m.exec(text)?.[1] ?? []);
  return new Set(lines.flatMap((line) => line.split('; ').map((name) => name.replace(/^\[\d+\] /, '').trim())));
}
