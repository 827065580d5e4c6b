import { type KnownLocale, type Locale, localized } from '@switchboard/contracts';
import { letterOf } from '../mail/letter';
import type { Mail } from '../mail/mailer.service';
import type { SignInLinkKind } from './sign-in-link.entity';

interface Words {
  readonly subject: string;
  readonly before: string;
  readonly button: string;
  readonly after: string;
}

const SIGN_IN: Readonly<Record<KnownLocale, Words>> = {
  en: {
    subject: 'Your link to sign in',
    before: 'Hello! By this link you sign in:',
    button: 'Sign in',
    after:
      'It works once, within 15 minutes, in the browser in which you asked for it. If that was not you, do nothing: nobody gets in without this mail.',
  },
  ru: {
    subject: 'Ссылка для входа',
    before: 'Здравствуйте! По этой ссылке вы войдёте:',
    button: 'Войти',
    after:
      'Она действует один раз, 15 минут, в том браузере, в котором вы её попросили. Если это были не вы, ничего не делайте: без этого письма никто не войдёт.',
  },
};

const LINK_EMAIL: Readonly<Record<KnownLocale, Words>> = {
  en: {
    subject: 'Confirm your e-mail address',
    before: 'Hello! By this link you add the address to your account:',
    button: 'Add this address',
    after:
      'It works once, within 15 minutes, in the browser in which you asked for it. If that was not you, do nothing: the address is not added then.',
  },
  ru: {
    subject: 'Подтвердите адрес почты',
    before: 'Здравствуйте! По этой ссылке вы добавите адрес к своей учётной записи:',
    button: 'Добавить адрес',
    after:
      'Она действует один раз, 15 минут, в том браузере, в котором вы её попросили. Если это были не вы, ничего не делайте: адрес не будет добавлен.',
  },
};

/** What somebody reads who has asked for a link. */
export function signInMail({
  to,
  url,
  kind,
  locale,
}: {
  to: string;
  url: string;
  kind: SignInLinkKind;
  locale: Locale;
}): Mail {
  const { subject, before, button, after } = localized(kind === 'link-email' ? LINK_EMAIL : SIGN_IN, locale);
  return letterOf({ to, subject, before, links: [{ text: button, url }], after });
}
