import { type KnownLocale, type Locale, localized } from '@switchboard/contracts';
import type { Flag } from './word-rules';

const REPLIES: Record<KnownLocale, Record<Flag, string>> = {
  en: {
    'self-harm':
      'What you write worries me, and I am only a program. Please do not stay alone with it: call the emergency number (112, in the US 988 or 911) or somebody close to you, right now. It helps to talk, and people are there for it day and night.',
    threat: 'I do not answer threats. If something has gone wrong, tell me what, and a colleague will look into it.',
    'sexual-minors': 'I do not answer that.',
    illicit: 'I cannot help with that. I am glad to answer questions about the shop.',
  },
  ru: {
    'self-harm':
      'То, что вы пишете, меня тревожит, а я только программа. Пожалуйста, не оставайтесь с этим наедине: позвоните 112 или 8-800-2000-122 (бесплатно, круглосуточно) или кому-то из близких прямо сейчас. Разговор помогает, и есть люди, которые готовы слушать в любое время.',
    threat: 'На угрозы я не отвечаю. Если что-то пошло не так, расскажите, что именно, и сотрудник разберётся.',
    'sexual-minors': 'На это я не отвечаю.',
    illicit: 'С этим я помочь не могу. На вопросы о магазине отвечу с радостью.',
  },
};

/** What a person is told in place of an answer. */
export const flaggedReply = (flag: Flag, locale: Locale): string => localized(REPLIES, locale)[flag];

/** A human should know of it at once. */
export const concernsStaff = (flag: Flag): boolean => flag === 'self-harm' || flag === 'threat';
