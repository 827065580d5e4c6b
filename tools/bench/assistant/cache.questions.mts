/** Questions that people ask again, each in several wordings, and what is always part of a right answer. Written before the cache was measured. */
export interface FrequentQuestion {
  /** Heading of the passage of `talks/shop` that answers it, in the language of the question. */
  readonly heading: string;
  readonly answer: string;
  readonly right: RegExp;
  readonly wordings: readonly string[];
}

export const FREQUENT: readonly FrequentQuestion[] = [
  {
    heading: 'Доставка по России',
    answer: 'Курьером до двери 450 ₽.',
    right: /450/,
    wordings: [
      'Сколько стоит доставка курьером по России?',
      'Здравствуйте! Сколько стоит доставка курьером по России',
      'Подскажите, пожалуйста, сколько стоит доставка по России курьером?',
      'доставка курьером по России сколько стоит',
      'Какая цена доставки курьером?',
    ],
  },
  {
    heading: 'Возврат',
    answer: 'Вернуть вещь можно за 30 дней.',
    right: /30 дней/,
    wordings: [
      'Сколько дней есть на возврат?',
      'Добрый день, сколько дней есть на возврат',
      'Скажите сколько есть дней на возврат?',
      'За сколько дней можно вернуть вещь?',
    ],
  },
  {
    heading: 'Адрес и часы',
    answer: 'В воскресенье магазин открыт с 11:00 до 18:00.',
    right: /11:00/,
    wordings: [
      'Как работает магазин в воскресенье?',
      'Привет! Как магазин работает в воскресенье',
      'Подскажите, как работает магазин в воскресенье?',
      'в воскресенье магазин как работает?',
    ],
  },
  {
    heading: 'Гарантия и брак',
    answer: 'На рюкзаки гарантия три года.',
    right: /три года/,
    wordings: [
      'Какая гарантия на рюкзаки?',
      'какая гарантия на рюкзак',
      'Здравствуйте, какая на рюкзаки гарантия?',
      'Есть ли гарантия на рюкзаки?',
    ],
  },
  {
    heading: 'Скидки',
    answer: 'Промокод ЛЕС10 даёт 10 % на первый заказ.',
    right: /ЛЕС10/,
    wordings: [
      'Есть ли скидка на первый заказ?',
      'Скажите, есть ли на первый заказ скидка',
      'есть скидка на первый заказ?',
      'Есть ли скидки на первый заказ, подскажите пожалуйста',
    ],
  },
  {
    heading: 'Уход за шерстью',
    answer: 'Катышки снимают машинкой.',
    right: /машинк/,
    wordings: [
      'Как убрать катышки с пальто?',
      'Подскажите, как с пальто убрать катышки',
      'как убрать катышки с пальто пожалуйста',
    ],
  },
  {
    heading: 'Delivery abroad',
    answer: 'We ship to Kazakhstan, Armenia and Belarus for 1,200 ₽.',
    right: /1,200/,
    wordings: [
      'How much is delivery to Kazakhstan?',
      'Hi, how much is delivery to Kazakhstan please',
      'Could you tell me how much is the delivery to Kazakhstan?',
      'What does delivery to Kazakhstan cost?',
    ],
  },
  {
    heading: 'Returns',
    answer: 'The money is back within 5 working days.',
    right: /5 working days/,
    wordings: [
      'When do you return the money after a return?',
      'Hello! When do you return the money after a return',
      'please tell me when do you return the money after a return',
    ],
  },
  {
    heading: 'Shoe sizes',
    answer: 'Size 43 is 27.5 cm.',
    right: /27\.5/,
    wordings: ['How long is a foot of size 43?', 'Hi! How long is a foot of size 43', 'how long is a size 43 foot?'],
  },
  {
    heading: 'Moss jumper',
    answer: 'Wash the Moss jumper at 30 °C and dry it flat.',
    right: /30/,
    wordings: [
      'How do I wash the Moss jumper?',
      'hello, how do i wash the moss jumper',
      'Could you tell me how to wash the Moss jumper?',
      'How should the Moss jumper be washed?',
    ],
  },
  {
    heading: 'Gifts',
    answer: 'Wrapping costs 200 ₽.',
    right: /200/,
    wordings: [
      'How much does gift wrapping cost?',
      'Hey, how much does gift wrapping cost?',
      'gift wrapping, how much does it cost?',
    ],
  },
  {
    heading: 'Repairs',
    answer: 'A zip can be replaced in up to two weeks.',
    right: /two weeks/,
    wordings: [
      'How long does replacing a zip take?',
      'how long does replacing a zip take please',
      'Good morning! How long does replacing a zip take?',
    ],
  },
];

/** Asked after the others are known. They look like one of them and are none: whoever is given that answer is told something wrong. */
export const TRAPS: readonly Omit<FrequentQuestion, 'wordings'>[] & readonly { readonly text: string }[] = [
  trap('Сколько стоит доставка в пункт выдачи по России?', 'Доставка по России', 'В пункт выдачи 290 ₽.', /290/),
  trap('Сколько стоит доставка курьером по Беларуси?', 'Доставка за границу', 'В Беларусь почтой, 1 200 ₽.', /1 200/),
  trap('Сколько дней есть на возврат денег?', 'Возврат', 'Деньги возвращаем за 5 рабочих дней.', /5 рабочих/),
  trap('Как работает магазин не в воскресенье?', 'Адрес и часы', 'В другие дни с 10:00 до 20:00.', /10:00/),
  trap('Как работает магазин 1 января?', 'Адрес и часы', '1 января закрыто.', /закрыто/),
  trap('Какая гарантия на куртки?', 'Гарантия и брак', 'На куртки гарантия один год.', /один год/),
  trap('Есть ли скидка на второй заказ?', 'Скидки', 'Скидка 7 % от трёх заказов.', /7 %/),
  trap(
    'Есть ли скидка на первый заказ в распродажу?',
    'Скидки',
    'Промокод не складывается с распродажей.',
    /не складывается/,
  ),
  trap('Как не допустить катышки на пальто?', 'Уход за шерстью', 'Отдавайте в сухую чистку раз в сезон.', /чистку/),
  trap('How much is delivery to Germany?', 'Delivery abroad', 'We do not ship to Germany.', /do not ship/),
  trap('How long is delivery to Kazakhstan?', 'Delivery abroad', 'It takes 10–20 days.', /10–20/),
  trap('How long is a foot of size 42?', 'Shoe sizes', 'Size 42 is 27 cm.', /27 cm/),
  trap('How long is a foot not of size 43?', 'Shoe sizes', 'Other sizes go from 24.5 to 28.5 cm.', /24\.5/),
  trap('How do I wash the Hoarfrost coat?', 'Hoarfrost coat', 'Dry cleaning only.', /Dry cleaning/),
  trap('How do I not wash the Moss jumper?', 'Moss jumper', 'Not hot, and not in a dryer.', /dryer/),
  trap('And the gift wrapping, how much does it cost?', 'Gifts', 'That is 200 ₽ for wrapping.', /That is 200/),
  trap('How much does gift wrapping and a voucher cost?', 'Gifts', 'Vouchers begin at 3,000 ₽.', /3,000/),
  trap('How long does replacing a sole take?', 'Repairs', 'A sole takes up to two weeks.', /A sole/),
];

function trap(text: string, heading: string, answer: string, right: RegExp) {
  return { text, heading, answer, right };
}
