import { LRUCache } from 'lru-cache';
import { newStemmer } from 'snowball-stemmers';

const russian = newStemmer('russian');
const english = newStemmer('english');

/** A price or an hour such as `9:00` or `4,90` is one word. */
const WORD = /\d+(?:[:.,]\d+)+|[\p{L}\p{N}]+/gu;
const CYRILLIC = /\p{Script=Cyrillic}/u;
const LATIN = /\p{Script=Latin}/u;

/** Letters that look alike, Latin and Cyrillic. */
const LOOK_ALIKE = { a: 'а', b: 'в', c: 'с', e: 'е', h: 'н', k: 'к', m: 'м', o: 'о', p: 'р', t: 'т', x: 'х', y: 'у' };
const TO_CYRILLIC = new Map(Object.entries(LOOK_ALIKE));
const TO_LATIN = new Map([...TO_CYRILLIC].map(([latin, cyrillic]) => [cyrillic, latin]));

const ACCENTED_LATIN = /[\u00C0-\u024F]/g;
const MARKS = /\p{M}/gu;

/** Lower case, ё as е and é as e, as most people write: for texts as for questions. */
export const normalise = (text: string) =>
  text
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll('ё', 'е')
    .replaceAll(ACCENTED_LATIN, (letter) => letter.normalize('NFD').replaceAll(MARKS, ''));

/** Longer ones are no words but keys, pictures and the like, and would not fit into an index. */
const LONGEST_WORD = 60;

/** The words of a text in order, each in the script that most of its letters are from. */
export const wordsOf = (text: string): string[] =>
  (normalise(text).match(WORD) ?? []).filter((word) => word.length <= LONGEST_WORD).map(inOneScript);

/** Texts repeat their words, and the stemmers are slow. */
const stems = new LRUCache<string, string>({ max: 20_000 });

/** Forms of one word meet in its stem: `доставки`, `доставку` → `доставк`. Source: the Snowball stemmers. */
export function stemOf(word: string): string {
  let stem = stems.get(word);
  if (stem === undefined) {
    if (CYRILLIC.test(word)) stem = russian.stem(word);
    else stem = LATIN.test(word) ? english.stem(word) : word;
    stems.set(word, stem);
  }
  return stem;
}

/** A word with letters of both scripts was typed in one and looks as if: `cколько` with a Latin c. */
function inOneScript(word: string): string {
  if (!CYRILLIC.test(word) || !LATIN.test(word)) return word;
  const letters = [...word];
  const replaced = (by: ReadonlyMap<string, string>) => letters.map((letter) => by.get(letter) ?? letter).join('');
  const cyrillic = replaced(TO_CYRILLIC);
  if (!LATIN.test(cyrillic)) return cyrillic;
  const latin = replaced(TO_LATIN);
  return CYRILLIC.test(latin) ? word : latin;
}

const LATIN_KEYS = "qwertyuiop[]asdfghjkl;'zxcvbnm,.`";
const CYRILLIC_KEYS = 'йцукенгшщзхъфывапролджэячсмитьбюе';
const CYRILLIC_OF_KEY = new Map([...LATIN_KEYS].map((key, i) => [key, CYRILLIC_KEYS[i]!]));
const LATIN_OF_KEY = new Map([...CYRILLIC_KEYS].map((key, i) => [key, LATIN_KEYS[i]!]));

/** What the same keys give in the other keyboard layout: `ghbdtn` → `привет`, `вудшмукн` → `delivery`. */
export function inOtherLayout(text: string): string {
  const lower = text.toLowerCase();
  const keys = CYRILLIC.test(lower) ? LATIN_OF_KEY : CYRILLIC_OF_KEY;
  return [...lower].map((letter) => keys.get(letter) ?? letter).join('');
}

/** Longer runs of letters first. Source: how people write Russian in Latin letters; there is no single standard. */
const TRANSLITERATION = (
  'shch=щ sch=щ yo=е jo=е zh=ж kh=х ts=ц ch=ч sh=ш yu=ю ju=ю ya=я ja=я iy=ий yy=ый ey=ей ay=ай oy=ой ' +
  "a=а b=б v=в g=г d=д e=е z=з i=и j=й k=к l=л m=м n=н o=о p=п r=р s=с t=т u=у f=ф h=х c=ц y=ы w=в q=к x=кс '=ь"
)
  .split(' ')
  .map((pair) => pair.split('=') as [string, string]);

/** `dostavka` → `доставка`. */
export function fromTransliteration(word: string): string {
  let cyrillic = '';
  for (let at = 0; at < word.length;) {
    const [latin, letters] = TRANSLITERATION.find(([run]) => word.startsWith(run, at)) ?? [word[at]!, word[at]!];
    cyrillic += letters;
    at += latin.length;
  }
  return cyrillic;
}

export const isLatin = (word: string) => LATIN.test(word);

/** By the letters. */
export function languageOf(text: string): 'ru' | 'en' {
  const count = (script: RegExp) => text.match(new RegExp(script, 'gu'))?.length ?? 0;
  return count(CYRILLIC) > count(LATIN) ? 'ru' : 'en';
}
