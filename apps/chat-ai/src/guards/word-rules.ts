/**
 * What is wrong with a message, as far as words tell: for installations without a moderating model, and for the time in which it
 * does not answer. Few and certain ones; JavaScript's \b knows no Cyrillic letters.
 */
export type Flag = 'self-harm' | 'threat' | 'sexual-minors' | 'illicit';

const RULES: readonly (readonly [Flag, RegExp])[] = [
  [
    'self-harm',
    /(?<!\p{L})(?:хочу (?:умереть|сдохнуть|покончить)|не хочу (?:больше )?жить|поконч(?:ить|у) с собой|убить себя|убью себя|наложить на себя руки|порезать (?:себе )?вены|покончу с жизнью|свести сч[её]ты с жизнью)|\b(?:(?:want|going|plan(?:ning)?|wish) to (?:die|kill myself|end my life|end it all)|kill(?:ing)? myself|suicidal|take my own life|don'?t want to live|hurt(?:ing)? myself)\b/iu,
  ],
  [
    'threat',
    /(?<!\p{L})(?:(?:я )?(?:убью|зарежу|пристрелю|прикончу|взорву|сожгу|изобью|найду и (?:убью|изобью)) (?:вас|тебя|всех|ваш|твою|твоего)|вам не жить|тебе не жить|(?:приду|приеду) и (?:убью|взорву|сожгу|разнесу))|\b(?:i(?:'ll| will| am going to|'m going to) (?:kill|murder|shoot|stab|burn|beat|hurt) (?:you|your|all of you|him|her|them)|you(?:'re| are) (?:all )?dead|blow up your|i know where you live)\b/iu,
  ],
  [
    'sexual-minors',
    /(?<!\p{L})(?:детск(?:ое|ая|ую) порно|порно с (?:детьми|несовершеннолетн))|\b(?:child porn|cp videos?|porn with (?:kids|minors|children))\b/iu,
  ],
  [
    'illicit',
    /(?<!\p{L})(?:(?:сделать|собрать|изготовить) (?:бомбу|взрывчатку)|купить (?:наркотик|мефедрон|героин|кокаин)|(?:продай|продайте) (?:мне )?(?:наркот|мефедрон|кокаин))|\b(?:(?:make|build) a (?:pipe )?bomb|buy (?:cocaine|heroin|meth)|sell me (?:drugs|cocaine|meth))\b/iu,
  ],
];
/** Of an answer: no shop talks like this, whatever a person has asked it to repeat. */
const UNFIT =
  /(?<!\p{L})(?:хуй|хуе|хуё|пизд|ебан|ёбан|еблан|мудак|мудил|долбо[её]б|пидор|пидар|сука(?!\p{L})|бляд|блять)|\b(?:fuck\w*|motherfuck\w*|cunts?|faggots?|niggers?|retards?|kill yourself|kys)\b|(?<!\p{L})(?:убей себя|сдохни)(?!\p{L})/iu;

/** So much of a message is looked at; a longer one is looked at in its beginning and its end. */
const LONGEST = 20_000;

export function flagOf(message: string): Flag | undefined {
  const text = message.length > 2 * LONGEST ? `${message.slice(0, LONGEST)} ${message.slice(-LONGEST)}` : message;
  return RULES.find(([, rule]) => rule.test(text))?.[0];
}

export const isUnfit = (sentence: string): boolean => UNFIT.test(sentence);
