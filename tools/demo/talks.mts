/** What a person says and a bot answers. */
export interface Words {
  readonly question: string;
  readonly answer: string;
}

/** What a bot says that could not ask its model. */
const APOLOGY = {
  en: 'I cannot answer just now. Please try again in a few minutes.',
  ru: 'Сейчас я не могу ответить. Попробуйте, пожалуйста, через несколько минут.',
};

export const sorry = (words: Words, locale: 'en' | 'ru'): Words => ({ ...words, answer: APOLOGY[locale] });

/** The key of the experiment, and what it is about. */
export const GREETING = 'lumen-greeting';

const said = (question: string, answer: string): Words => ({ question, answer });

const TALKS: Record<string, Record<'en' | 'ru', readonly (readonly Words[])[]>> = {
  lumen: {
    en: [
      [
        said(
          'Can you suggest a packing list for three days in the mountains?',
          'Sure:\n\n- layers instead of one thick jacket\n- rain shell\n- broken-in boots and two pairs of socks\n- head lamp, map, power bank\n- 1.5 l of water and something salty',
        ),
        said(
          'And if it rains all the time?',
          'Then add a dry bag for the sleeping bag, rain trousers, and a second pair of shoes for the evening. Leave the cotton at home: it stays wet.',
        ),
        said(
          'Thanks! How heavy should the pack be?',
          'At most a fifth of your body weight, water included. For three days **9–11 kg** is a good aim.',
        ),
      ],
      [
        said(
          'Explain compound interest like I am twelve',
          'You put 100 in a jar that adds 5 % a year. After a year there are 105. The next 5 % are counted of 105, not of 100: **interest earns interest**. After 14 years the jar has doubled.',
        ),
        said(
          'What if I add 10 every month?',
          'After 14 years you have put in 100 + 1,680 = 1,780, and the jar holds about 2,600: some 800 of it you never put in.',
        ),
      ],
      [
        said(
          'Write a short thank-you note to a colleague who covered my shift',
          'Hi! Thank you for stepping in on Friday. It took a weight off my mind, and I owe you one. Coffee is on me next week.',
        ),
        said(
          'A bit more formal please',
          'Thank you for covering my shift on Friday. Your help at short notice was much appreciated, and I will gladly return the favour.',
        ),
      ],
      [
        said(
          'How do I get coffee out of a white shirt?',
          '1. Rinse from the back with cold water.\n2. Rub in a little washing-up liquid, wait ten minutes.\n3. Wash at 40 °C. Never iron before it is gone: heat fixes the stain.',
        ),
        said(
          'It is already dry',
          'Soak it for half an hour in one part white vinegar and two parts water, then go on with step 2.',
        ),
        said('It worked, thank you', 'Glad to hear it!'),
      ],
      [
        said(
          'What is the difference between baking soda and baking powder?',
          'Baking soda needs something sour to rise. Baking powder brings its own acid, so it works by itself. One teaspoon of soda ≈ three of powder.',
        ),
      ],
      [
        said(
          'Help me plan my week: gym twice, Spanish three times, one free evening',
          '| Day | Plan |\n| --- | --- |\n| Mon | Spanish |\n| Tue | Gym |\n| Wed | Spanish |\n| Thu | Gym |\n| Fri | Spanish |\n| Sat | – |\n| Sun | free evening |',
        ),
        said('Swap Friday and Saturday', 'Done: Spanish on Saturday morning, Friday is free as well.'),
      ],
    ],
    ru: [
      [
        said(
          'Что взять с собой в горы на три дня?',
          'Список:\n\n- одежда слоями, а не одна толстая куртка\n- дождевик\n- разношенные ботинки и две пары носков\n- фонарь, карта, внешний аккумулятор\n- 1,5 л воды и что-нибудь солёное',
        ),
        said(
          'А если всё время дождь?',
          'Добавьте гермомешок для спальника, штаны от дождя и вторую обувь на вечер. Хлопок лучше оставить дома: он не сохнет.',
        ),
        said(
          'Спасибо! Сколько должен весить рюкзак?',
          'Не больше пятой части вашего веса вместе с водой. На три дня хорошо уложиться в **9–11 кг**.',
        ),
      ],
      [
        said(
          'Объясни сложный процент простыми словами',
          'Вы кладёте 100 в копилку, которая прибавляет 5 % в год. Через год там 105, и следующие 5 % считаются уже со 105: **проценты приносят проценты**. За 14 лет сумма удвоится.',
        ),
        said(
          'А если каждый месяц добавлять по 10?',
          'За 14 лет вы положите 1 780, а в копилке будет около 2 600: примерно 800 вы не клали.',
        ),
      ],
      [
        said(
          'Как вывести пятно от кофе с рубашки?',
          '1. Промойте с изнанки холодной водой.\n2. Нанесите немного средства для посуды, подождите десять минут.\n3. Стирайте при 40 °C. Не гладьте, пока пятно видно.',
        ),
        said('Оно уже засохло', 'Замочите на полчаса: одна часть столового уксуса на две части воды, потом шаг 2.'),
      ],
      [
        said(
          'Придумай тост на день рождения друга',
          'За человека, рядом с которым легко молчать и интересно говорить. Пусть год будет щедрым на хорошие новости!',
        ),
        said('Покороче', 'За тебя — и за всё, что ты ещё придумаешь!'),
      ],
      [
        said(
          'Чем сода отличается от разрыхлителя?',
          'Соде нужна кислота, а в разрыхлителе она уже есть. Чайная ложка соды ≈ три ложки разрыхлителя.',
        ),
      ],
      [
        said(
          'Составь план недели: два раза зал, три раза испанский',
          '| День | План |\n| --- | --- |\n| пн | испанский |\n| вт | зал |\n| ср | испанский |\n| чт | зал |\n| пт | испанский |',
        ),
        said('Перенеси пятницу на субботу', 'Готово: испанский в субботу утром, пятница свободна.'),
        said('Отлично', 'Хорошей недели!'),
      ],
    ],
  },
  northwind: {
    en: [
      [
        said('When are you open on Saturday?', 'On Saturdays we are here from **10:00 to 16:00**, the café as well.'),
        said(
          'Can I bring my bike without an appointment?',
          'Yes. Small repairs we do while you wait; for a full service we give you a time.',
        ),
      ],
      [
        said(
          'How much is a full service?',
          'The price list is in the workshop; tell me which bike you have and I look it up. For an exact offer write to hello@northwind.example.',
        ),
        said(
          'A touring bike, 9 years old',
          'Then the large service fits: chain, cables and brakes are checked and worn parts are named before anything is changed.',
        ),
        said('How long will it take?', 'Usually two working days.'),
      ],
      [
        said(
          'Do you deliver to my door?',
          'We do. The delivery terms are on the page about delivery; bulky parts need somebody at home.',
        ),
      ],
      [
        said(
          'I want to return a lamp I bought last week',
          'That is possible with the receipt, unused and in its box. Bring it along or send it back.',
        ),
        said(
          'I lost the receipt',
          'Then please write to hello@northwind.example with the date of purchase, and a colleague looks it up.',
        ),
      ],
    ],
    ru: [
      [
        said('Во сколько вы работаете в субботу?', 'По субботам мы открыты **с 10:00 до 16:00**, кафе тоже.'),
        said(
          'Можно привезти велосипед без записи?',
          'Да. Мелкий ремонт делаем при вас, на полное обслуживание назначаем время.',
        ),
      ],
      [
        said(
          'Сколько стоит полное обслуживание?',
          'Цена зависит от велосипеда. Точное предложение дадут по адресу hello@northwind.example.',
        ),
        said(
          'Туристический, ему девять лет',
          'Тогда подойдёт большое обслуживание: проверим цепь, тросы и тормоза и скажем об износе до замены.',
        ),
      ],
      [
        said(
          'Вы доставляете на дом?',
          'Доставляем. Условия указаны на странице о доставке; крупные посылки кто-то должен принять.',
        ),
      ],
      [
        said(
          'Хочу вернуть фару, купил на прошлой неделе',
          'Это можно сделать с чеком, если она в коробке и не использовалась.',
        ),
        said('Чек потерялся', 'Напишите, пожалуйста, на hello@northwind.example и укажите дату покупки.'),
      ],
    ],
  },
};

/** What people talk about with a bot in a language. */
export const talksOf = (botId: string, locale: 'en' | 'ru'): readonly (readonly Words[])[] => TALKS[botId]![locale];
