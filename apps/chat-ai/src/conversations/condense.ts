import { isStopWord } from '../knowledge/stop-words';
import { normalise, stemOf, wordsOf } from '../knowledge/words';
import { countTokens } from '../models/tokens';

/** What is told of earlier messages, and which of them it stands for. */
export interface Condensed {
  readonly text: string;
  readonly ids: ReadonlySet<string>;
}

interface Said {
  readonly id: string;
  readonly role: 'user' | 'assistant';
  readonly text: string;
  readonly tokens: number;
  readonly attachment?: { readonly state: string } | undefined;
  readonly group: string;
  readonly summarised: boolean;
}

/** The last two exchanges stay word for word: "that one" and "the second" refer to them. */
const VERBATIM_GROUPS = 2;
/** For less it is not worth telling it in other words. */
const WORTH_TOKENS = 60;
/** Of what a summary covers only facts are added to it. */
const MOST_FACTS = 40;
/** A longer message of a person is told by its beginning and by the sentences that hold facts. */
const WHOLE_CHARACTERS = 400;
const LONG_SENTENCE = 110;
/** "Graphite then." is a decision. */
const SHORT_SENTENCE = 30;

const SENTENCE = /[^.!?…\n]*(?:[.!?…]+(?!\s|$)[^.!?…\n]*)*(?:[.!?…]+|\n|$)/g;
const CITATION = /\s*\[\d{1,3}(?:\s*,\s*\d{1,3})*\]/g;
const SOURCES = /\n+\*(?:Sources|Источники): .*\*\s*$/;
/** What an assistant has taken note of, promised or decided. */
const DECIDES =
  /(?<!\p{L})(?:запис|отмет|добав|убра|помен|меня[юе]|измен|отлож|отправ|вышл|пришл|верн[уеё]|передам|передал|попрос|оформ|выбра|счит|договор|обеща|перенаправ|удал|зарезерв|итого|до\s\d|к\s\d)|\b(?:noted|added|changed|removed|reserved|booked|asked|sent|send|promise|will|refund|cancel|agreed|moved|redirect|until|by|total|hold|kept)/iu;
/** Numbers, addresses of mail, words in quotation marks, sizes. */
const FACT = /\d|@|«[^»]+»|"[^"]+"|“[^”]+”|(?<!\p{L})(?:XS|S|M|L|XL|XXL)(?!\p{L})/u;
const NAMED = /(?<=[\p{L}\d,:;]\s)\p{Lu}[\p{L}\d-]+/gu;
const COURTESIES = new Set(
  `здравствуйте здравствуй привет добрый доброе день вечер утро спасибо большое пожалуйста ок окей хорошо ладно понятно ясно
   отлично прекрасно супер здорово класс круто конечно да ага угу ну вот и хм ой ох рада рад помочь обращайтесь хорошего дня вечера
   приятно очень молодцы извините простите сочувствую жаль понимаю
   hello hi hey good morning evening afternoon day thanks thank you please ok okay fine sure great nice lovely cool right alright
   yes yep well oh ah welcome glad sorry understood course i am to hear it that is the a you are of very much so and
   there anything else`
    .split(/\s+/)
    .filter(Boolean),
);

/**
 * Tells all but the last exchanges in short: what people have said without its courtesies, of the answers what they note, decide and
 * promise. Nothing is told twice, and what stands in the knowledge base is looked up again when it is asked for. Of messages
 * that a summary covers already only what summaries lose is added: numbers, names, dates.
 */
export function condense(history: readonly Said[]): Condensed | undefined {
  const groups = groupsOf(history);
  const earlier = groups.slice(0, Math.max(0, groups.length - VERBATIM_GROUPS)).filter(
    // What stands in a file is not in the words around it.
    (group) => group.every(({ attachment }) => !attachment || attachment.state === 'unreadable'),
  );
  const [covered, open] = [true, false].map((is) => earlier.filter((group) => isCovered(group) === is).flat());
  const known = new Set<string>();
  const facts = factsIn(covered!);
  for (const fact of facts) remember(fact, known);
  const lines = open!.flatMap((message) => lineOf(message, known) ?? []);
  const text = [...(facts.length > 0 ? [`Facts: ${facts.join('; ')}`] : []), ...lines].join('\n');
  const ids = new Set(open!.map(({ id }) => id));
  const before = open!.reduce((sum, { tokens }) => sum + tokens, 0);
  if (facts.length === 0 && (before < WORTH_TOKENS || countTokens(text) > before)) return undefined;
  return { text, ids };
}

const isCovered = (group: readonly Said[]) => group.every(({ summarised }) => summarised);

function groupsOf(history: readonly Said[]): Said[][] {
  const groups: Said[][] = [];
  for (const message of history) {
    const last = groups.at(-1);
    if (last?.[0]?.group === message.group) last.push(message);
    else groups.push([message]);
  }
  return groups;
}

function lineOf({ role, text }: Said, known: Set<string>): string | undefined {
  const said = role === 'user' ? ofPerson(text) : ofAssistant(text, known);
  for (const sentence of said) remember(sentence, known);
  const line = said.join(' ').replaceAll(/\s+/g, ' ').trim();
  return line === '' ? undefined : `${role === 'user' ? 'Person' : 'You'}: ${line}`;
}

/** People write short, and what they ask for says what the talk is about. */
function ofPerson(text: string): string[] {
  const sentences = sentencesOf(text).filter((sentence) => !isCourtesy(sentence));
  if (text.length <= WHOLE_CHARACTERS) return sentences;
  return sentences.filter((sentence, i) => i === 0 || FACT.test(sentence) || (sentence.match(NAMED) ?? []).length > 0);
}

/** What is cited is in the knowledge base; what only repeats the person, they have said themselves. */
function ofAssistant(text: string, known: ReadonlySet<string>): string[] {
  const kept: string[] = [];
  const told = new Set(known);
  for (const sentence of sentencesOf(text.replace(SOURCES, ''))) {
    const plain = sentence.replaceAll(CITATION, '');
    const isCited = plain !== sentence;
    if (isCourtesy(plain) || /\?\s*$/.test(plain)) continue;
    const matters =
      plain.length <= SHORT_SENTENCE ||
      FACT.test(plain) ||
      DECIDES.test(plain) ||
      (plain.match(NAMED) ?? []).length > 0;
    if (!matters || (isCited && plain.length > LONG_SENTENCE && !DECIDES.test(plain))) continue;
    if (tellingWords(plain).every((word) => told.has(word))) continue;
    remember(plain, told);
    kept.push(plain);
  }
  return kept;
}

function sentencesOf(text: string): string[] {
  return (text.match(SENTENCE) ?? []).map((sentence) => sentence.trim()).filter(Boolean);
}

const isCourtesy = (sentence: string): boolean => {
  const words = wordsOf(sentence);
  return words.every((word) => COURTESIES.has(word)) && !FACT.test(sentence);
};

/** Those by which two sentences differ. */
const tellingWords = (sentence: string): string[] =>
  wordsOf(sentence)
    .filter((word) => !isStopWord(word) && !COURTESIES.has(word) && !DECIDES.test(word))
    .map(stemOf);

function remember(sentence: string, known: Set<string>): void {
  for (const word of tellingWords(sentence)) known.add(word);
}

const ORDER_NUMBER = /\b\d{4}-\d{2,6}\b|\b[A-ZА-Я]{2,4}-?\d{3,}(?:-\d+)*\b/gu;
const FACTS: readonly RegExp[] = [
  ORDER_NUMBER,
  /[\w.+-]{1,64}@[\w-]{1,64}\.[\w.]{2,64}/g,
  /\+?\d[\d ()-]{8,18}\d/g,
  /«[^»]{2,120}»|"[^"\n]{2,120}"|“[^”\n]{2,120}”/g,
  /\d[\d ,.]{0,14}\s?(?:₽|руб\p{L}*|€|\$|USD|EUR|см|cm|кг|kg|мм|mm|%)/giu,
  /(?:до |к |until |by |on )?\d{1,2}(?:-?(?:го|му|st|nd|rd|th))?\s(?:янв|фев|мар|апр|ма[йя]|июн|июл|авг|сен|окт|ноя|дек|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)\p{L}*/giu,
  /(?<!\p{L})(?:ул\.?|улица|проспект|пр-т|переулок|шоссе|корпус|дом|кв\.?|квартира|flat|street|avenue)\s[\p{L}\d -]{1,30}|\d{1,4}\s\p{Lu}\p{L}+\s(?:Street|Road|Lane|Avenue)/gu,
  /(?<!\p{L})(?:размер|size)[:\s]+\p{L}{0,3}\d{0,3}/giu,
];

/** The latest ones, each once. */
function factsIn(messages: readonly Said[]): string[] {
  const found = new Map<string, string>();
  for (const { text } of messages) {
    for (const pattern of FACTS) {
      for (const [fact] of text.matchAll(pattern)) {
        const key = normalise(fact).trim();
        found.delete(key);
        found.set(key, fact.trim());
      }
    }
  }
  return [...found.values()].slice(-MOST_FACTS);
}
