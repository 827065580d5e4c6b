import type { KnownLocale } from '@switchboard/contracts';

/** Why an app gets no servers. */
export type Notice = 'preparing' | 'paused' | 'used-up' | 'expired' | 'suspended' | 'too-many-devices' | 'unsupported';

/** Short: apps show it as the name of an entry, on a phone in one line or two. Each says what to do. */
export const NOTICES: Readonly<Record<KnownLocale, Readonly<Record<Notice, string>>>> = {
  en: {
    preparing: '⏳ Servers are being prepared: update in a minute',
    paused: '⏸ Paused: resume it in the bot',
    'used-up': '📊 Traffic is used up: get more in the bot',
    expired: '⌛ Expired: renew it in the bot',
    suspended: '⛔ Suspended: write to us in the bot',
    'too-many-devices': '🚫 Too many devices: remove one in the bot',
    unsupported: '⚠ This app cannot use your servers: open the link in a browser',
  },
  ru: {
    preparing: '⏳ Готовим серверы: обновите через минуту',
    paused: '⏸ Пауза: возобновите подписку в боте',
    'used-up': '📊 Трафик закончился: докупите в боте',
    expired: '⌛ Срок истёк: продлите в боте',
    suspended: '⛔ Доступ приостановлен: напишите нам в боте',
    'too-many-devices': '🚫 Слишком много устройств: удалите лишнее в боте',
    unsupported: '⚠ Приложение не подходит: откройте ссылку в браузере',
  },
};
