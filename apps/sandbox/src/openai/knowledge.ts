/** How the sandbox's model finds what a text speaks of. */

const STOP_WORDS = new Set(
  (
    'a about after all also am an and any are as at be because been bot but by can could did do does for from get give ' +
    'had has have he her here him his how i if in into is it its just know let like list make may me more most my need new no not now of ' +
    'on one or our out please set she should show so some tell than that the their them then there these they this ' +
    'to up us use want was we were what when where which who why will with would you your ' +
    'а без бот бота боту бы был была были быть в вам вас ваш во вы где да для до его ее если есть еще же за и из или их к как какая какие ' +
    'какой ко когда кто ли мне можно мой мы на над надо нам нас наш не нет ни но ну о об обо он она они от по под пожалуйста ' +
    'почему при про расскажи с сейчас сколько скажи со так также там твой те то только ты у уже хочу чего чем что чтобы эта эти это этот я'
  ).split(' '),
);

/**
 * The words that carry meaning, cut down so that forms of one word meet ("доставка", "доставляете" → "доста").
 * Crude on purpose: a real stemmer would add weight and still miss half of Russian.
 */
export function stems(text: string): string[] {
  const words =
    text
      .toLowerCase()
      .replaceAll('ё', 'е')
      .match(/[\p{L}\p{N}]+/gu) ?? [];
  return words.filter((word) => word.length > 1 && !STOP_WORDS.has(word)).map(stem);
}

function stem(word: string): string {
  const bare = word.replace(/[aeiouysаеиоуыэюяйь]+$/, '');
  return (bare.length >= 3 ? bare : word).slice(0, 5);
}

/** Of each numbered passage, beside the one before it. */
const LATER_IS_WORTH = 0.7;
/** A word is rare that at most this part of the passages has. */
const RARE = 1 / 4;
/** A question of more words than this is not about a single one of them. */
const SHORT = 6;
/** Longer passages are quoted up to here, in characters. */
const QUOTED = 700;

/**
 * The passage that speaks of what was asked, or undefined when none does: of the words of the question it has two, or half of them,
 * or a rare one of a short question. Rare words weigh more than those every passage has. Numbered ones are taken to stand in the
 * order in which they fit, as retrieval gives them: "open" in the third is worth less than "Saturday" in the first.
 */
export function passageAbout(question: string, knowledge: readonly string[]): string | undefined {
  const asked = new Set(stems(question));
  const passages = knowledge.flatMap(passagesOf).map((one) => ({ ...one, words: new Set(stems(one.text)) }));
  const having = (word: string) => passages.filter(({ words }) => words.has(word)).length;
  const weight = (word: string) => Math.log(1 + passages.length / having(word));
  const isRare = (word: string) => having(word) <= Math.max(1, passages.length * RARE);

  let best: { text: string; score: number } | undefined;
  for (const { text, place, words } of passages) {
    const shared = [...asked].filter((word) => words.has(word));
    const isEnough = shared.length >= 2 || shared.length >= asked.size / 2;
    if (!isEnough && !(asked.size <= SHORT && shared.some(isRare))) continue;
    const score = shared.reduce((sum, word) => sum + weight(word), 0) * LATER_IS_WORTH ** (place - 1);
    if (score > (best?.score ?? 0)) best = { text, score };
  }
  return best && clip(best.text, QUOTED);
}

/** A paragraph each, with the number and the heading it stands under; `place` is that number. */
function passagesOf(knowledge: string): { text: string; place: number }[] {
  return knowledge.split(/\n(?=\[\d+\])/).flatMap((block) => {
    const [, title = '', number = '1', body = ''] = /^\s*(\[(\d+)\][^\n]*)?([\s\S]*)$/.exec(block)!;
    const paragraphs: string[] = [];
    let heading = '';
    for (const piece of body.split(/\n\s*\n|\n(?=#{1,6} )/).map((text) => text.trim())) {
      if (piece === '') continue;
      // A heading says nothing alone: it belongs to what follows.
      if (/^#{1,6} [^\n]*$/.test(piece)) heading = `${piece}\n`;
      else paragraphs.push(heading + piece);
    }
    const texts =
      title === '' ? paragraphs : (paragraphs.length === 0 ? [''] : paragraphs).map((text) => `${title}\n${text}`);
    return texts.map((text) => ({ text: text.trim(), place: Number(number) }));
  });
}

/** At most so many characters, ending in … where something was left out. */
export function clip(text: string, length: number): string {
  const characters = [...text];
  return characters.length <= length ? text : `${characters.slice(0, length - 1).join('')}…`;
}
