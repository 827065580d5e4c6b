import { createHash } from 'node:crypto';
import { claimsIn, isFounded, type Source } from '../guards/claims';
import { isStopWord } from '../knowledge/stop-words';
import { languageOf, normalise, stemOf, wordsOf } from '../knowledge/words';

/** A question that anybody may ask at any time, as far as its words tell. */
export interface PlainQuestion {
  readonly language: 'ru' | 'en';
  /** Two questions with the same one ask for the same, word for word: only politeness, endings and the order of words may differ. */
  readonly hash: string;
}

const SHORTEST = 8;
const LONGEST = 300;

/** What says who asks, not what is asked. Everything else counts, negations and question words first. */
const POLITE = new Set(
  `здравствуйте здравствуй здрасте привет приветствую добрый доброе доброго день вечер утро дня пожалуйста плиз подскажите подскажи
   скажите скажи расскажите спасибо благодарю заранее будьте добры интересует хотел хотела хотелось бы узнать вопрос ребята
   hello hi hey good morning afternoon evening please pls thanks thank you could can would tell me us know want wanted
   like to question quick just there`
    .split(/\s+/)
    .filter(Boolean),
);
/** What was said before, who asks, or the moment is needed to answer it. JavaScript's \b knows no Cyrillic letters. */
const LEANS =
  /^(?:а|и|ну|но|или|and|but|or|so|what about|how about)(?!\p{L})|(?<!\p{L})(?:он[аио]?|его|е[её]|их|ему|ей|им|это|эт[аиоу]\p{L}{0,2}|т[аеу]|тот|того|той|там|туда|тогда|тоже|также|так(?:ой|ая|ое|ие|ую)|друг(?:ой|ая|ую|ие)|перв(?:ый|ая|ую)|втор(?:ой|ая|ую)|последн\p{L}+|меня|мне|мной|мо[йяеёию]\p{L}{0,2}|я|мы|нам|наш\p{L}*|сво\p{L}+|сейчас|сегодня|завтра|вчера|теперь|уже|ещ[её]|скоро|послезавтра)(?!\p{L})|\b(?:it|its|he|she|him|her|they|them|their|this|that|these|those|there|then|same|ones?|other|another|first|second|last|too|also|either|my|mine|me|i|i'm|im|i've|we|our|us|now|today|tonight|tomorrow|yesterday|currently|already|still|yet|soon)\b/iu;
/** Orders, addresses, phones: nobody else's question. */
const PERSONAL =
  /\d{5,}|\d{3,4}-\d{2,}|[\w.+-]+@[\w-]+\.|(?<!\p{L})(?:заказ[аеу]?|посылк[аиуе]|трек\p{L}*)(?!\p{L})\s*(?:№|номер|\d)|\border\s*(?:no|number|#|\d)/iu;
/** The order of words tells one from the other. */
const RELATES = /(?<!\p{L})(?:чем|или|вместо|между|из|от)(?!\p{L})|\b(?:than|or|instead|between|from|versus|vs)\b/iu;

/** Undefined of one that cannot be told apart from others by its words alone. */
export function plainQuestion(text: string): PlainQuestion | undefined {
  const said = normalise(text).trim();
  if (said.length < SHORTEST || said.length > LONGEST || said.includes('\n')) return undefined;
  const asked = withoutPoliteness(said);
  if (LEANS.test(asked) || PERSONAL.test(said)) return undefined;
  const words = wordsOf(asked).filter((word) => !POLITE.has(word));
  if (!words.some((word) => !isStopWord(word)) || words.length < 2) return undefined;
  const stems = words.map(stemOf);
  const language = languageOf(said);
  const canonical = RELATES.test(asked) ? stems : stems.toSorted();
  return {
    language,
    hash: createHash('sha256')
      .update([language, ...canonical].join(' '))
      .digest('hex'),
  };
}

/** "Could you tell me" and "I would like to know" speak of nobody's things. */
function withoutPoliteness(said: string): string {
  return said
    .replace(/^(?:[\p{L}]+[,!.]\s+){0,2}/u, (start) => (wordsOf(start).every((word) => POLITE.has(word)) ? '' : start))
    .replace(
      /^(?:здравствуйте|привет|добрый (?:день|вечер)|доброе утро|hello|hi|hey|good (?:morning|afternoon|evening))[\s,!.]*/u,
      '',
    )
    .replace(
      /^(?:please |(?:could|can|would) you (?:please )?)?(?:tell me|let me know)[\s,:]*|^i(?:'d| would) like to know[\s,:]*|^i want(?:ed)? to know[\s,:]*/u,
      '',
    )
    .replace(/(?:пожалуйста|подскажите|скажите|please|thanks|thank you|спасибо)[\s,!.]*/gu, '');
}

/** What changes by the hour or belongs to who asked. */
const PASSING =
  /(?<!\p{L})(?:сейчас|сегодня|завтра|вчера|ваш(?:его)? заказ|вы писали|как вы (?:сказали|просили))(?!\p{L})|\b(?:now|today|tonight|tomorrow|yesterday|your order|you (?:said|told|mentioned|asked))\b/iu;

/**
 * Whether an answer holds for everybody who asks: sums stand in what it cites, and nothing is said of the stock, which may be another
 * in a second.
 * @param cited the passages that it cites; without any nobody would notice that it has become wrong
 */
export function holdsForAll(answer: string, cited: readonly string[]): boolean {
  if (cited.length === 0 || PASSING.test(answer) || PERSONAL.test(answer)) return false;
  const sources: Source[] = cited.map((text) => ({ kind: 'passage', text }));
  return claimsIn(answer).every(
    (claim) => claim.kind !== 'in stock' && claim.kind !== 'out of stock' && isFounded(claim, sources),
  );
}
