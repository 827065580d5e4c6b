import type { ChannelReport } from '@switchboard/contracts';

type Finding = ChannelReport['findings'][number];

export const NOT_YET: Finding = {
  code: 'not_connected',
  severity: 'warning',
  detail: {
    en: 'No account is connected yet: the bot hears and says nothing until somebody connects one.',
    ru: 'Аккаунт ещё не подключён: пока его не подключат, бот ничего не слышит и не говорит.',
  },
};

export const OTHER_ACCOUNT: Finding = {
  code: 'other_account',
  severity: 'error',
  detail: { en: 'The token is one of another account.', ru: 'Токен относится к другому аккаунту.' },
};

export const TOKEN_UNKNOWN: Finding = {
  code: 'token_unknown',
  severity: 'error',
  detail: {
    en: 'Instagram does not know this token: it has expired or was revoked. Connect the account anew.',
    ru: 'Instagram не знает этого токена: он истёк или отозван. Подключите аккаунт заново.',
  },
};

export const UNREACHABLE: Finding = {
  code: 'unreachable',
  severity: 'error',
  detail: {
    en: 'Instagram does not answer. Try again, and look whether it can be reached from here.',
    ru: 'Instagram не отвечает. Попробуйте ещё раз и проверьте, доступен ли он отсюда.',
  },
};
