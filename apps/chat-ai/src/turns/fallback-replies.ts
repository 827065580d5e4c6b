import type { Assistant } from '../assistants/assistant';
import { nextOpening } from '../assistants/opening-hours';
import { type KnownLocale, type Locale, localized, nearestLocale } from '@switchboard/contracts';

type FallbackReply =
  | 'refused'
  | 'rate_limited'
  | 'model_unavailable'
  | 'timed_out'
  | 'empty'
  | 'no_room'
  | 'too_long'
  | 'no_vision'
  | 'bad_picture'
  | 'no_model_for_files'
  | 'not_heard'
  | 'not_last'
  | 'handed_over'
  | 'is_a_bot';

/** What a person reads instead of an answer. Never technical: what happened is in the record of the turn. */
const REPLIES: Record<KnownLocale, Record<FallbackReply, string>> = {
  en: {
    refused: 'I would rather not answer that. Please ask me something else.',
    rate_limited: 'Very many people are asking me right now. Please try again in a minute.',
    model_unavailable: 'I cannot think right now: something is wrong on our side. Please try again a little later.',
    timed_out: 'This took me too long and I lost the thread. Please ask me once more.',
    empty: 'I could not think of anything to say. Please put it in other words.',
    no_room: 'I thought about this for so long that no room was left for an answer. Please ask for less at once.',
    too_long: 'This is too much text for me to take in at once. Please send a shorter part of it, or begin anew.',
    no_vision: 'I cannot look at pictures here. Please tell me in words what it is about.',
    bad_picture: 'I could not look at this picture. Please send another one or tell me in words what it is about.',
    no_model_for_files:
      'No language model is connected here, so I can neither look at pictures nor read files. Please ask in words.',
    not_heard:
      'I could not listen to this voice message: something is wrong on our side. Please send it again or type.',
    not_last:
      'I can give only my last answer anew, and this one is not it any more. Please ask that question once more.',
    handed_over:
      'A human answers you here from now on, and reads what you write. Until then I stay silent; /resume brings me back.',
    is_a_bot: 'You are talking to a program, not to a person.',
  },
  ru: {
    refused: 'На это я лучше не буду отвечать. Спросите, пожалуйста, о чём-нибудь другом.',
    rate_limited: 'Сейчас мне пишет очень много людей. Пожалуйста, повторите через минуту.',
    model_unavailable: 'Сейчас я не могу ответить: что-то не так на нашей стороне. Попробуйте, пожалуйста, чуть позже.',
    timed_out: 'Я думал слишком долго и потерял мысль. Спросите, пожалуйста, ещё раз.',
    empty: 'Мне ничего не пришло в голову. Попробуйте сказать иначе.',
    no_room: 'Я думал так долго, что на ответ не осталось места. Спросите, пожалуйста, о чём-то меньшем за раз.',
    too_long: 'Столько текста сразу мне не осилить. Пришлите, пожалуйста, часть покороче или начните заново.',
    no_vision: 'Картинки я здесь не смотрю. Расскажите, пожалуйста, словами, о чём речь.',
    bad_picture: 'Не получилось посмотреть эту картинку. Пришлите другую или расскажите словами, о чём речь.',
    no_model_for_files:
      'Языковая модель здесь не подключена, поэтому картинки и файлы мне недоступны. Спросите, пожалуйста, словами.',
    not_heard:
      'Не получилось прослушать это голосовое сообщение: что-то не так на нашей стороне. Пришлите его ещё раз или напишите текстом.',
    not_last:
      'Заново я могу дать только последний ответ, а этот уже не последний. Задайте, пожалуйста, тот вопрос снова.',
    handed_over:
      'Дальше вам ответит здесь сотрудник, он читает то, что вы пишете. До тех пор я молчу; вернуть меня можно командой /resume.',
    is_a_bot: 'Вам отвечает программа, а не человек.',
  },
};

const BROKE_OFF: Record<KnownLocale, string> = {
  en: 'Here my answer broke off. Ask me to go on if you need the rest.',
  ru: 'На этом месте ответ оборвался. Попросите продолжить, если нужно остальное.',
};

const REACHED_ITS_LENGTH: Record<KnownLocale, string> = {
  en: 'This is as long as one answer may be. Ask me to go on if you need the rest.',
  ru: 'Длиннее один ответ быть не может. Попросите продолжить, если нужно остальное.',
};

const READ_IN_PART: Record<KnownLocale, string> = {
  en: 'You wrote more than I can take in at once: I did not read all of it. Please send the rest in shorter parts.',
  ru: 'Вы написали больше, чем я могу прочитать за раз: часть осталась непрочитанной. Пришлите её, пожалуйста, по частям.',
};

export const fallbackReply = (what: FallbackReply, locale: Locale): string => localized(REPLIES, locale)[what];

const AFTER_HOURS: Record<KnownLocale, string> = {
  en: 'It is after hours now. Somebody answers once we are open again: ',
  ru: 'Сейчас нерабочее время. Вам ответят, когда мы откроемся: ',
};

/** That a human answers from now on; and when, where nobody is there. */
export function handedOverReply(
  locale: Locale,
  now: Date,
  { timeZone, hours }: Pick<Assistant, 'timeZone' | 'hours'>,
): string {
  const told = fallbackReply('handed_over', locale);
  const opens = nextOpening(now, timeZone, hours);
  if (!opens || opens <= now) return told;
  const format = {
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    timeZone,
  } as const;
  const when = new Intl.DateTimeFormat(nearestLocale(locale), format).format(opens);
  return `${told}\n\n${localized(AFTER_HOURS, locale)}${when} (${timeZone}).`;
}

export const brokenOff = (said: string, locale: Locale): string =>
  `${said.trimEnd()}…\n\n*${localized(BROKE_OFF, locale)}*`;

export const atFullLength = (said: string, locale: Locale): string =>
  `${said.trimEnd()}…\n\n*${localized(REACHED_ITS_LENGTH, locale)}*`;

export const readInPart = (locale: Locale): string => localized(READ_IN_PART, locale);

/** What is not part of an answer but has to be said with it. */
export const withRemarks = (answer: string, remarks: readonly string[]): string =>
  [answer.trimEnd(), ...remarks.map((remark) => `*${remark}*`)].join('\n\n');

const PLAN_USED_UP: Record<KnownLocale, string> = {
  en: 'That is all for now: what your plan has of answers is used up, and so is what you wanted to pay for beyond it. You can raise that limit, or pay for the next period.',
  ru: 'Пока это всё: ответы, которые входят в тариф, закончились, как и то, за что вы готовы были доплатить. Можно поднять этот предел или оплатить следующий период.',
};

/** @param renewsAt undefined where it does not renew by itself */
export function budgetExhausted(renewsAt: Date | undefined, timeZone: string, locale: Locale): string {
  if (!renewsAt) return localized(PLAN_USED_UP, locale);
  const language = nearestLocale(locale);
  const format = new Intl.DateTimeFormat(language, { dateStyle: 'long', timeStyle: 'short', timeZone });
  const when = `${format.format(renewsAt)} (${timeZone})`;
  return language === 'ru'
    ? `Пока это всё: выделенные на ответы средства закончились. Они обновятся ${when}.`
    : `That is all for now: what was set aside for answers is used up. It renews on ${when}.`;
}
