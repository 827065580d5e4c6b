import type { KnownLocale } from '@switchboard/contracts';
import { DateTime, Duration } from 'luxon';
import type { Alert } from './alert.entity';

type ByLocale = Record<KnownLocale, string>;

/** What is out of the ordinary, as a title. */
const TITLES: Record<Alert['rule'], (about: ByLocale) => ByLocale> = {
  'usage-spike': ({ en, ru }) => ({ en: `Sudden usage of ${en}`, ru: `Внезапный расход: ${ru}` }),
  'usage-drift': ({ en, ru }) => ({ en: `Growing usage of ${en}`, ru: `Расход растёт: ${ru}` }),
  'cost-per-call': ({ en, ru }) => ({ en: `Dearer calls of ${en}`, ru: `Вызовы подорожали: ${ru}` }),
  'usage-ratio': ({ en, ru }) => ({ en: `Unusual calls of ${en}`, ru: `Необычные вызовы: ${ru}` }),
  'person-usage': ({ en, ru }) => ({
    en: `Unusual usage of one person of ${en}`,
    ru: `Необычный расход одного человека: ${ru}`,
  }),
  'usage-absent': ({ en, ru }) => ({ en: `No usage of ${en}`, ru: `Расхода нет: ${ru}` }),
  'bill-mismatch': ({ en, ru }) => ({
    en: `The bill differs from what was counted: ${en}`,
    ru: `Счёт расходится с учётом: ${ru}`,
  }),
};

/** The watched ratio at the end of a subject: `bot:lumen · failures`. */
const PARTS: Record<string, ByLocale> = {
  'output per input': { en: 'output per input', ru: 'ответ на единицу запроса' },
  'cached input': { en: 'cached part of the input', ru: 'доля запроса из кэша' },
  failures: { en: 'failures', ru: 'сбои' },
};

export function titleOf({ rule, subject, botId }: Pick<Alert, 'rule' | 'subject' | 'botId'>): ByLocale {
  const part = PARTS[subject.split(' · ')[1] ?? ''];
  const about = botId ? { en: `bot ${botId}`, ru: `бот ${botId}` } : { en: 'the installation', ru: 'вся установка' };
  return TITLES[rule]({
    en: part ? `${about.en} (${part.en})` : about.en,
    ru: part ? `${about.ru} (${part.ru})` : about.ru,
  });
}

export const runbookOf = (rule: Alert['rule']): string => `docs/runbooks/usage/${rule}.md`;

const UNITS: Record<Alert['measure'], (value: number, locale: KnownLocale) => string> = {
  cost_micros: (value, locale) => money(value, locale),
  tokens: (value, locale) => `${count(value, locale)} ${locale === 'ru' ? 'токенов' : 'tokens'}`,
  calls: (value, locale) => `${count(value, locale)} ${locale === 'ru' ? 'вызовов' : 'calls'}`,
  ratio: (value, locale) => value.toLocaleString(locale, { maximumFractionDigits: 3 }),
};

const count = (value: number, locale: KnownLocale) => Math.round(value).toLocaleString(locale);
const money = (micros: number, locale: KnownLocale) =>
  (micros / 1e6).toLocaleString(locale, {
    style: 'currency',
    currency: 'USD',
    maximumFractionDigits: Math.abs(micros) < 1e6 ? 4 : 2,
  });

interface Shown {
  readonly locale: KnownLocale;
  readonly zone: string;
}

/** What, since when, how much instead of how much, because of what, and what to do. In Markdown. */
function paragraph(alert: Alert, { locale, zone }: Shown): string {
  const { measure, windowSeconds, expected, seen, since, contributors, severity, throttledUntil } = alert;
  const value = (x: number) => UNITS[measure](x, locale);
  const at = (time: Date) => DateTime.fromJSDate(time, { zone }).setLocale(locale).toFormat('d LLL HH:mm ZZZZ');
  const within = Duration.fromObject({ minutes: Math.max(1, Math.round(windowSeconds / 60)) }, { locale })
    .rescale()
    .toHuman({ unitDisplay: 'short' });
  const isRu = locale === 'ru';
  const lines = [
    `${severity === 'critical' ? '🔴' : '🟡'} **${titleOf(alert)[locale]}**`,
    isRu
      ? `С ${at(since)}: ${value(seen)} вместо ${value(expected)} за ${within}.`
      : `Since ${at(since)}: ${value(seen)} instead of ${value(expected)} in ${within}.`,
    ...contributors.map(({ name, ...one }) =>
      isRu
        ? `- ${name}: ${value(one.seen)} вместо ${value(one.expected)}`
        : `- ${name}: ${value(one.seen)} instead of ${value(one.expected)}`,
    ),
    ...(throttledUntil
      ? [
          isRu
            ? `Тот, от кого больше всего расхода, ограничен до ${at(throttledUntil)}.`
            : `Who causes most of it is limited until ${at(throttledUntil)}.`,
        ]
      : []),
    `${isRu ? 'Что делать' : 'What to do'}: ${runbookOf(alert.rule)} · ${isRu ? 'номер' : 'alert'} ${alert.id}`,
  ];
  return lines.join('\n');
}

export interface Told {
  readonly firing: readonly Alert[];
  readonly resolved: readonly Alert[];
  /** Nobody has taken them. */
  readonly isEscalation?: boolean;
}

/** So many alerts are told at length; of more there is no reading. */
const AT_LENGTH = 5;

/** One message about all of them, in each language. */
export function messageOf({ firing, resolved, isEscalation = false }: Told, zone: string): ByLocale {
  const inLocale = (locale: KnownLocale): string => {
    const isRu = locale === 'ru';
    const more = firing.length - AT_LENGTH;
    return [
      ...(isEscalation
        ? [isRu ? '**Никто не взялся за это 15 минут.**' : '**Nobody has taken this for 15 minutes.**']
        : []),
      ...firing.slice(0, AT_LENGTH).map((alert) => paragraph(alert, { locale, zone })),
      ...(more > 0 ? [isRu ? `И ещё таких: ${more}.` : `And ${more} more.`] : []),
      ...(resolved.length > 0
        ? [resolved.map((alert) => `🟢 ${isRu ? 'Прошло' : 'Over'}: ${titleOf(alert)[locale]}`).join('\n')]
        : []),
    ].join('\n\n');
  };
  return { en: inLocale('en'), ru: inLocale('ru') };
}
