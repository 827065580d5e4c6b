const STOP_WORDS = new Set(
  (
    'a about after all also am an and any are as at be because been but by can could did do does for from get give ' +
    'had has have he her here him his how i if in into is it its just know let like list make may me more most my need new no not now of ' +
    'on one or our out please set she should show so some tell than that the their them then there these they this ' +
    'to up us use want was we were what when where which who why will with would you your ' +
    'а без бы был была были быть в вам вас ваш вы где да для до его ее если есть еще же за и из или их к как какая какие ' +
    'какой когда кто ли мне можно мой мы на над надо нам нас наш не нет ни но ну о об он она они от по под пожалуйста ' +
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
