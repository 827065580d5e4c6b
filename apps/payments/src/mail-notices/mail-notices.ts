import {
  formatMoney,
  type KnownLocale,
  type MAIL_NOTICE_GROUPS,
  Money,
  type SendMailToPerson,
} from '@switchboard/contracts';
import { z } from 'zod';
import type { Subscription } from '../subscriptions/subscription.entity';

type Letter = z.input<(typeof SendMailToPerson)['body']>['en'];

/** What a notice is about. */
export const MailFacts = z.object({
  money: Money.optional(),
  at: z.iso.datetime().optional(),
  subscriptionId: z.uuid().optional(),
});
export type MailFacts = z.output<typeof MailFacts>;

/** Of a bot. */
export interface Sender {
  readonly name: string;
  readonly timeZone: string;
}

interface Words {
  readonly subject: string;
  readonly text: string;
}

interface MailNotice {
  /** By which it is switched off; absent: by nothing. */
  readonly group?: (typeof MAIL_NOTICE_GROUPS)[number];
  /** Of a subscription as it is by the time at which the mail can be sent: what is no longer so is not told. */
  isSo?(subscription: Subscription, at: Date, now: Date): boolean;
  readonly link: keyof typeof LINKS;
  readonly words: Readonly<Record<KnownLocale, Words>>;
}

/** Pages of the site. */
const LINKS = {
  subscriptions: { url: '/me/subscriptions', en: 'My subscriptions', ru: 'Мои подписки' },
  balance: { url: '/me/balance', en: 'My balance', ru: 'Мой баланс' },
  payments: { url: '/me/payments', en: 'My payments', ru: 'Мои платежи' },
  gifts: { url: '/me/gifts', en: 'My gifts', ru: 'Мои подарки' },
} as const;

const AFTER: Readonly<Record<KnownLocale, string>> = {
  en: 'You get this mail because you have linked the address to your account. What you hear by e-mail you choose in your profile.',
  ru: 'Вы получили это письмо, потому что привязали адрес к своей учётной записи. О чём писать вам на почту, можно выбрать в профиле.',
};

const isSame = (one: Date, other: Date): boolean => one.getTime() === other.getTime();

/** Everything that people are told by e-mail, by its name. `{money}` and `{day}` are what it is about. */
export const MAIL_NOTICES = {
  paid: {
    link: 'payments',
    words: {
      en: { subject: 'Paid: {money}', text: 'Your payment of {money} has arrived. Thank you!' },
      ru: { subject: 'Оплачено: {money}', text: 'Мы получили ваш платёж: {money}. Спасибо!' },
    },
  },
  granted: {
    group: 'granted',
    link: 'subscriptions',
    words: {
      en: {
        subject: 'Your access is ready',
        text: 'Your access is ready. The page shows how to connect, step by step.',
      },
      ru: { subject: 'Доступ готов', text: 'Ваш доступ готов. На странице есть ссылка и пошаговая настройка.' },
    },
  },
  expiring: {
    group: 'expiring',
    isSo: ({ status, validUntil, autoRenew }, at, now) =>
      (status === 'trial' || status === 'active') && !autoRenew && isSame(validUntil, at) && at > now,
    link: 'subscriptions',
    words: {
      en: {
        subject: 'Your subscription ends on {day}',
        text: 'Your subscription ends on {day} and does not go on by itself. Renew it, and nothing changes.',
      },
      ru: {
        subject: 'Подписка заканчивается {day}',
        text: 'Ваша подписка заканчивается {day} и сама не продлится. Продлите её, и всё будет работать как раньше.',
      },
    },
  },
  expired: {
    group: 'expiring',
    isSo: ({ status }) => status === 'expired',
    link: 'subscriptions',
    words: {
      en: {
        subject: 'Your subscription has ended',
        text: 'Your subscription has ended. Renew it, and it works again with the same link.',
      },
      ru: {
        subject: 'Подписка закончилась',
        text: 'Ваша подписка закончилась. Продлите её, и она снова заработает по той же ссылке.',
      },
    },
  },
  'renewal-failed': {
    isSo: ({ servedUntil }, at) => isSame(servedUntil, at),
    link: 'subscriptions',
    words: {
      en: {
        subject: 'The charge of {money} was refused',
        text: 'Your subscription could not be renewed: the charge of {money} was refused. You are served until {day}. Look at your way to pay, or pay by another.',
      },
      ru: {
        subject: 'Не удалось списать {money}',
        text: 'Подписку не удалось продлить: списание {money} отклонено. Доступ работает до {day}. Проверьте способ оплаты или заплатите другим.',
      },
    },
  },
  'renewal-upcoming': {
    group: 'renewals',
    isSo: ({ renewAt, autoRenew }, at, now) => autoRenew && renewAt !== null && isSame(renewAt, at) && at > now,
    link: 'subscriptions',
    words: {
      en: {
        subject: '{money} will be charged on {day}',
        text: 'Your subscription is renewed on {day}: {money} will be charged. Until then you can turn that off.',
      },
      ru: {
        subject: '{day} спишется {money}',
        text: 'Подписка продлится {day}: спишется {money}. До этого автопродление можно отключить.',
      },
    },
  },
  moved: {
    group: 'moves',
    link: 'subscriptions',
    words: {
      en: {
        subject: 'You are served by another server',
        text: 'Your access was moved to another server. There is nothing to do: your link stays the same.',
      },
      ru: {
        subject: 'Ваш доступ на другом сервере',
        text: 'Ваш доступ переехал на другой сервер. Делать ничего не нужно: ссылка осталась прежней.',
      },
    },
  },
  refunded: {
    group: 'refunds',
    link: 'payments',
    words: {
      en: {
        subject: 'Refund: {money}',
        text: '{money} were sent back to you, the way you had paid. A bank may take some days.',
      },
      ru: {
        subject: 'Возврат: {money}',
        text: 'Мы вернули вам {money} тем же путём, каким вы платили. Банку может понадобиться несколько дней.',
      },
    },
  },
  'refunded-to-balance': {
    group: 'refunds',
    link: 'balance',
    words: {
      en: { subject: 'Refund: {money}', text: '{money} were put on your balance.' },
      ru: { subject: 'Возврат: {money}', text: 'Мы вернули {money} на ваш баланс.' },
    },
  },
  'gift-returned': {
    group: 'gifts',
    link: 'gifts',
    words: {
      en: { subject: 'Your gift was not opened', text: 'Nobody has opened your gift in time, so it is yours again.' },
      ru: { subject: 'Ваш подарок не открыли', text: 'Ваш подарок никто не открыл вовремя, поэтому он снова ваш.' },
    },
  },
} as const satisfies Readonly<Record<string, MailNotice>>;
export type MailNoticeName = keyof typeof MAIL_NOTICES;

export const mailNotice = (name: string): MailNotice | undefined =>
  Object.hasOwn(MAIL_NOTICES, name) ? MAIL_NOTICES[name as MailNoticeName] : undefined;

/** A pure function. Days are those of the bot's time zone. */
export function writeLetter(notice: MailNotice, { money, at }: MailFacts, sender: Sender, locale: KnownLocale): Letter {
  const values: Readonly<Record<string, string>> = {
    ...(money && { money: formatMoney(money, locale) }),
    ...(at !== undefined && {
      day: new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'long', timeZone: sender.timeZone }).format(
        new Date(at),
      ),
    }),
  };
  const fill = (text: string) => text.replaceAll(/\{(\w+)\}/g, (_, name: string) => values[name]!);
  const { subject, text } = notice.words[locale];
  const link = LINKS[notice.link];
  return {
    subject: `${sender.name}: ${fill(subject)}`,
    before: fill(text),
    links: [{ text: link[locale], url: link.url }],
    after: AFTER[locale],
  };
}
