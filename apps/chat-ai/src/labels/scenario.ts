import { isStopWord } from '../knowledge/stop-words';
import { stemOf, wordsOf } from '../knowledge/words';

/** What a message may be about, and how people say it. */
export interface Scenario {
  readonly key: string;
  /** As people write; in every language in which they do. */
  readonly examples: readonly string[];
}

export const OTHER = 'other';

/** What every shop is asked; an owner's scenario with the same key takes its place. */
export const BUILT_IN: readonly Scenario[] = [
  {
    key: 'size',
    examples: [
      'какой размер мне взять, таблица размеров, размерная сетка',
      'рост, вес, обхват груди, талии и бёдер, длина стопы',
      'маломерит или большемерит, ношу, подойдёт, сядет, мал, велик, жмёт',
      'which size should I take, size chart, sizing',
      'height, chest, waist, hips, foot length, measurements',
      'does it run small or large, I usually wear, will it fit me, too big, too tight',
    ],
  },
  {
    key: 'price',
    examples: [
      'сколько стоит, какая цена, почём, стоимость, ценник',
      'скидка, скидки, акция, распродажа, промокод, дешевле, дорого, бюджет',
      'how much is it, what is the price, how much does it cost, pricing',
      'discount, sale, promo code, coupon, cheaper, expensive, budget',
    ],
  },
  {
    key: 'delivery',
    examples: [
      'доставка, сколько стоит доставка, доставляете в город, срок доставки',
      'сколько идёт посылка, курьером до двери, самовывоз, пункт выдачи, почтой, СДЭК, отправляете за границу',
      'do you ship to, do you deliver, what does shipping cost, how long does delivery take',
      'courier, pickup point, collect, postage, shipping time, delivered to the door',
    ],
  },
  {
    key: 'order-status',
    examples: [
      'где мой заказ, когда придёт мой заказ, статус заказа, номер заказа',
      'трек-номер, отследить посылку, заказ отправили, уже отправлен, оплатила и жду отправки',
      'where is my order, when will my order arrive, order status, order number',
      'tracking number, track my parcel, has it been sent, already shipped, dispatched',
    ],
  },
  {
    key: 'return',
    examples: [
      'как вернуть товар, возврат, вернуть деньги, сдать обратно, обратная пересылка при возврате',
      'обмен, обменять, поменять на другой размер, сколько дней на возврат',
      'how do I return it, return policy, refund, send it back, money back, return shipping',
      'exchange it for another size, swap, how many days to return',
    ],
  },
  {
    key: 'complaint',
    examples: [
      'жалоба, пожаловаться, претензия, позовите начальника, руководство, безобразие, возмущение',
      'пришёл брак, товар с браком, дефект, порвалось, сломалось, разбитый, не та вещь, перепутали, обман, хамство',
      'complaint, complain, manager, boss, supervisor, outrageous, unacceptable',
      'arrived damaged, defective, broken, torn, tore, wrong item, wrong thing, scam, rude, poor quality',
    ],
  },
];

/** Two words that belong together say more than each: "how much", "where is". */
const PAIR = 1.5;
/** Unless both of them are in every other question: "do you". */
const FORM = 0.6;
/** Less than one telling word is no reason. */
const ENOUGH = 0.55;
/** Who complains about a delivery complains: the tone decides between the two. */
const ANGRY_BELOW = -0.5;
const ANGER = 1.5;
const LONGEST = 2000;

/** Tells by their words what messages are about. */
export class ScenarioClassifier {
  private readonly terms = new Map<string, Map<string, number>>();

  constructor(own: readonly Scenario[] = []) {
    const keys = new Set(own.map(({ key }) => key));
    const scenarios = [...own, ...BUILT_IN.filter(({ key }) => !keys.has(key))];
    for (const { key, examples } of scenarios) {
      const weights = new Map<string, number>();
      for (const example of examples) for (const [term, weight] of termsOf(example)) weights.set(term, weight);
      for (const [term, weight] of weights) {
        const holders = this.terms.get(term) ?? new Map<string, number>();
        this.terms.set(term, holders.set(key, weight));
      }
    }
  }

  /** @param toneScore from -1 to 1 */
  scenarioOf(message: string, toneScore: number): string {
    const scores = new Map<string, number>();
    for (const [term] of termsOf(message.slice(0, LONGEST))) {
      const holders = this.terms.get(term);
      // A word that several scenarios have says little about which of them it is.
      for (const [key, weight] of holders ?? []) scores.set(key, (scores.get(key) ?? 0) + weight / holders!.size);
    }
    if (toneScore < ANGRY_BELOW) scores.set('complaint', (scores.get('complaint') ?? 0) + ANGER);
    const [best] = [...scores].sort(([, a], [, b]) => b - a);
    return best && best[1] >= ENOUGH ? best[0] : OTHER;
  }
}

/** Single words that carry meaning, and pairs of neighbours. */
function termsOf(text: string): Map<string, number> {
  const terms = new Map<string, number>();
  for (const phrase of text.split(/[,.!?;\n]+/)) {
    const words = wordsOf(phrase);
    const stems = words.map(stemOf);
    for (const [i, stem] of stems.entries()) {
      if (!isStopWord(words[i]!) && !/^\d/.test(stem)) terms.set(stem, 1);
      if (i === 0) continue;
      const isOnlyForm = isStopWord(words[i]!) && isStopWord(words[i - 1]!);
      terms.set(`${stems[i - 1]} ${stem}`, isOnlyForm ? FORM : PAIR);
    }
  }
  return terms;
}
