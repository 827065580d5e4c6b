import { localized, type Locale } from '@switchboard/contracts';

/** What a number means: its name for a column or a tile, and how it is counted, in English and Russian. */
const DEFINITIONS = {
  people: {
    en: ['People', 'Distinct people. Only those who agreed to be counted are among them.'],
    ru: ['Люди', 'Разные люди. Учитываются только те, кто согласился на статистику.'],
  },
  activity: {
    en: [
      'Activity',
      'A person is active on a day, in the zone of the report, on which they wrote a message, gave care to a pet, finished a game or a practice, paid an order or used the VPN. Notices and mere opening do not count.',
    ],
    ru: [
      'Активность',
      'Человек активен в день (в часовом поясе отчёта), когда написал сообщение, поухаживал за питомцем, закончил игру или практику, оплатил заказ или пользовался VPN. Уведомления и простое открытие не считаются.',
    ],
  },
  dau: {
    en: ['DAU', 'People who were active on the day.'],
    ru: ['DAU', 'Люди, активные в этот день.'],
  },
  wau: {
    en: ['WAU', 'People who were active on at least one of the 7 days that end with this day.'],
    ru: ['WAU', 'Люди, активные хотя бы в один из 7 дней, последний из которых — этот.'],
  },
  mau: {
    en: ['MAU', 'People who were active on at least one of the 30 days that end with this day.'],
    ru: ['MAU', 'Люди, активные хотя бы в один из 30 дней, последний из которых — этот.'],
  },
  new: {
    en: ['New', 'Active people whose first active day ever is this day.'],
    ru: ['Новые', 'Активные люди, для которых этот активный день — первый в жизни.'],
  },
  retained: {
    en: ['Retained', 'Active people who were last active fewer than 14 silent days before.'],
    ru: ['Удержанные', 'Активные люди, молчавшие перед этим меньше 14 дней.'],
  },
  resurrected: {
    en: ['Resurrected', 'Active people who had been silent for 14 days or more before.'],
    ru: ['Вернувшиеся', 'Активные люди, молчавшие перед этим 14 дней или дольше.'],
  },
  dormant: {
    en: ['Dormant', 'People who, when the day ends, have been silent for 14 days or more, that day included.'],
    ru: ['Спящие', 'Люди, которые к концу дня молчат 14 дней или дольше, считая этот день.'],
  },
  stickiness: {
    en: ['Stickiness', 'DAU divided by MAU, averaged over the last 28 days.'],
    ru: ['Липкость', 'DAU, делённый на MAU, в среднем за последние 28 дней.'],
  },
  cohort: {
    en: [
      'Cohort',
      'People whose first active day ever, not only in this report, lies in the same day, week (from Monday) or month.',
    ],
    ru: [
      'Когорта',
      'Люди, чей первый в жизни (а не только в этом отчёте) активный день приходится на один день, неделю (с понедельника) или месяц.',
    ],
  },
  calendar: {
    en: [
      'Retention on day N',
      'Those active on the N-th calendar day after their first, of those for whom that day is over in the zone of the report.',
    ],
    ru: [
      'Удержание в день N',
      'Доля активных на N-й календарный день после первого среди тех, у кого этот день уже закончился в часовом поясе отчёта.',
    ],
  },
  rolling: {
    en: [
      'Retention on day N or later',
      'Those active on the N-th day after their first or on any later one. Young cohorts have had less time to come back: cohorts of different age must not be compared.',
    ],
    ru: [
      'Удержание в день N или позже',
      'Доля активных на N-й день после первого или в любой более поздний. У молодых когорт было меньше времени вернуться: когорты разного возраста сравнивать нельзя.',
    ],
  },
  hours24: {
    en: [
      'Retention by 24 hours',
      'Those with an event from 24·N to 24·(N+1) hours after their first one, of those for whom these hours have passed. Who comes at 23:45 and stays until 00:01 has not come back.',
    ],
    ru: [
      'Удержание по 24 часа',
      'Доля тех, у кого есть событие от 24·N до 24·(N+1) часов после первого, среди тех, у кого эти часы прошли. Кто пришёл в 23:45 и был до 00:01, ещё не вернулся.',
    ],
  },
  brackets: {
    en: [
      'Retention by brackets',
      'Those active on at least one of the days 1, 2–3, 4–7, 8–14 or 15–30 after their first, of those for whom all of these days are over.',
    ],
    ru: [
      'Удержание по отрезкам',
      'Доля активных хотя бы в один из дней 1, 2–3, 4–7, 8–14 или 15–30 после первого среди тех, у кого все эти дни закончились.',
    ],
  },
  share: {
    en: ['Share', 'Averages over cohorts are weighted by people, and leave out cells that have not matured.'],
    ru: ['Доля', 'Среднее по когортам взвешено по людям; незрелые клетки в него не входят.'],
  },
  survival: {
    en: [
      'Survival',
      'The share that is still active so many days after the first, by Kaplan and Meier. Somebody leaves on the last active day before 14 silent days; who has not been silent for so long is censored. The interval of 95 % is Greenwood’s, on the scale log(−log).',
    ],
    ru: [
      'Дожитие',
      'Доля тех, кто ещё активен через столько дней после первого, по Каплану — Мейеру. Уход — последний активный день перед 14 днями молчания; кто столько не молчал, цензурируется. Интервал 95 % — по Гринвуду, в шкале log(−log).',
    ],
  },
  funnel: {
    en: [
      'Funnel',
      'Of all first steps of a person within the period, the one from which they get furthest, then soonest. Later steps come after it, within the window. Events of the same moment follow each other in the order in which they were received. Intervals are Wilson’s, of 95 %.',
    ],
    ru: [
      'Воронка',
      'Из всех первых шагов человека за период — тот, от которого он дошёл дальше всего, а затем быстрее всего. Следующие шаги — после него, в пределах окна. События одного момента идут в порядке получения. Интервалы Уилсона, 95 %.',
    ],
  },
  gross: {
    en: ['Gross', 'What was paid, in minor units of the currency; of everybody, since sums name nobody.'],
    ru: ['Выручка', 'Сколько оплачено, в минимальных единицах валюты; всеми, потому что сумма никого не называет.'],
  },
  refunds: {
    en: ['Refunds', 'What was given back.'],
    ru: ['Возвраты', 'Сколько возвращено.'],
  },
  net: {
    en: ['Net', 'Gross less refunds. In the currency of the report each day is converted by the rate of that day.'],
    ru: ['Чистая выручка', 'Выручка без возвратов. В валюту отчёта каждый день пересчитывается по курсу этого дня.'],
  },
  arpu: {
    en: ['ARPU', 'Net divided by the people who were active.'],
    ru: ['ARPU', 'Чистая выручка на активного человека.'],
  },
  arppu: {
    en: ['ARPPU', 'Net divided by the people who paid.'],
    ru: ['ARPPU', 'Чистая выручка на заплатившего.'],
  },
  conversion: {
    en: [
      'Conversion',
      'Those who paid within 7 or 30 days of their first day, of those for whom so many days are over.',
    ],
    ru: ['Конверсия', 'Доля заплативших за 7 или 30 дней от первого дня среди тех, у кого столько дней прошло.'],
  },
  lifetimeValue: {
    en: [
      'Lifetime value',
      'Money paid less money given back within so many days of the first day, per person, of those for whom they are over. What they cost, such as calls of models, is not taken off.',
    ],
    ru: [
      'Ценность клиента',
      'Заплаченное минус возвращённое за столько дней от первого, на человека, по тем, у кого они прошли. Расходы на них, например на модели, не вычтены.',
    ],
  },
  prediction: {
    en: [
      'Lifetime value, forecast',
      'What the observed days brought, and for the following ones the share that is still there times what a day of life brings. The interval is one of 80 %.',
    ],
    ru: [
      'Прогноз ценности клиента',
      'Доход увиденных дней, а для следующих — доля оставшихся, умноженная на доход дня жизни. Интервал — 80 %.',
    ],
  },
  churn: {
    en: ['Monthly churn', 'Of the people active in the 30 days before the last 30: those not active in the last 30.'],
    ru: ['Отток за месяц', 'Из людей, активных в 30 дней перед последними 30: те, кто в последние 30 не активен.'],
  },
  churnForecast: {
    en: [
      'Churn forecast',
      'Of the people active in the last 14 days: the share expected to be silent for the next 14. It is that of a logistic regression where that beats the rule by last activity alone by 3 % of the Brier score or more on later days, and of the rule otherwise.',
    ],
    ru: [
      'Прогноз оттока',
      'Из людей, активных за последние 14 дней: какая доля, по ожиданию, будет молчать следующие 14. Прогноз даёт логистическая регрессия, если на более поздних днях она лучше правила «по последней активности» хотя бы на 3 % по Бриеру, иначе — само правило.',
    ],
  },
  nps: {
    en: ['NPS', 'Share of answers 9 and 10 less the share of 0 to 6, times 100; of each person the latest answer.'],
    ru: ['NPS', 'Доля ответов 9 и 10 минус доля от 0 до 6, умноженная на 100; у каждого — последний ответ.'],
  },
  npsMean: {
    en: ['Mean answer', 'Mean of the answers from 0 to 10.'],
    ru: ['Средний ответ', 'Среднее ответов от 0 до 10.'],
  },
  messages: { en: ['Messages', 'Messages of people.'], ru: ['Сообщения', 'Сообщения людей.'] },
  voiceMessages: { en: ['Voice messages', 'Those of them that were spoken.'], ru: ['Голосовые', 'Из них голосовые.'] },
  replies: { en: ['Replies', 'Finished answers of assistants.'], ru: ['Ответы', 'Готовые ответы ассистентов.'] },
  failedReplies: {
    en: ['Failed replies', 'Answers that are an apology, because the model or the budget failed.'],
    ru: ['Неудачные ответы', 'Ответы-извинения: подвела модель или кончился бюджет.'],
  },
  delivered: { en: ['Delivered', 'Answers that a channel took.'], ru: ['Доставлено', 'Ответы, принятые каналом.'] },
  undeliverable: {
    en: ['Undeliverable', 'Answers that were given up.'],
    ru: ['Не доставлено', 'Ответы, от доставки которых отказались.'],
  },
  calls: { en: ['Calls', 'Calls of language models.'], ru: ['Вызовы', 'Вызовы языковых моделей.'] },
  failedCalls: {
    en: ['Failed calls', 'Those that did not end with an answer.'],
    ru: ['Неудачные вызовы', 'Те, что не закончились ответом.'],
  },
  inputTokens: {
    en: ['Input tokens', 'Tokens sent to models.'],
    ru: ['Токены на входе', 'Токены, отправленные моделям.'],
  },
  cachedInputTokens: {
    en: ['Cached input tokens', 'Those of them that the model had cached.'],
    ru: ['Токены из кеша', 'Из них те, что были в кеше модели.'],
  },
  outputTokens: {
    en: ['Output tokens', 'Tokens written by models.'],
    ru: ['Токены на выходе', 'Токены, написанные моделями.'],
  },
  costMicros: {
    en: ['Cost, millionths of USD', 'What calls of models cost, as the ledger has it.'],
    ru: ['Стоимость, миллионные доли USD', 'Сколько стоили вызовы моделей, как в учёте.'],
  },
  medianMs: { en: ['Median, ms', 'Half of the calls were faster.'], ru: ['Медиана, мс', 'Половина вызовов быстрее.'] },
  p95Ms: { en: ['95 %, ms', '95 % of the calls were faster.'], ru: ['95 %, мс', '95 % вызовов быстрее.'] },
  hidden: {
    en: [
      'Hidden',
      'What fewer than 20 people are behind, or what fewer than 20 did, is not shown, nor what it could be told from: the cell is empty.',
    ],
    ru: [
      'Скрыто',
      'То, за чем меньше 20 человек или что сделали меньше 20, не показывается, как и то, из чего это можно вычислить: клетка пуста.',
    ],
  },
  provisional: {
    en: ['Provisional', 'Events may come up to 48 hours late; numbers of the last two days may still change.'],
    ru: [
      'Предварительно',
      'События могут приходить с опозданием до 48 часов; числа последних двух дней могут измениться.',
    ],
  },
} as const satisfies Record<string, Record<'en' | 'ru', readonly [name: string, text: string]>>;

export type DefinitionId = keyof typeof DEFINITIONS;

export interface Definition {
  readonly id: DefinitionId;
  readonly name: string;
  readonly text: string;
}

export function define(id: DefinitionId, locale: Locale): Definition {
  const [name, text] = localized<readonly [string, string]>(DEFINITIONS[id], locale);
  return { id, name, text };
}

export const allDefinitions = (locale: Locale): Definition[] =>
  (Object.keys(DEFINITIONS) as DefinitionId[]).map((id) => define(id, locale));
