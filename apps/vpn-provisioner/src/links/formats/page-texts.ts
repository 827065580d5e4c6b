import type { KnownLocale } from '@switchboard/contracts';

interface PageTexts {
  readonly other: string;
  readonly ready: string;
  readonly daysLeft: string;
  readonly until: string;
  readonly over: string;
  readonly traffic: string;
  readonly unlimited: string;
  readonly of: string;
  readonly resets: string;
  readonly connect: string;
  readonly install: (app: string) => string;
  readonly add: (app: string) => string;
  readonly turnOn: string;
  readonly openApp: (app: string) => string;
  readonly apps: string;
  readonly fromShop: (app: string) => string;
  readonly inRussia: string;
  readonly nothingOpens: string;
  readonly address: string;
  readonly secret: string;
  readonly copy: string;
  readonly copied: string;
  readonly qr: string;
  readonly qrHint: string;
  readonly qrOutline: string;
  readonly otherSystems: string;
  readonly devices: string;
  readonly devicesOf: (used: number, limit: number | null) => string;
  readonly noDevices: string;
  readonly seen: string;
  readonly manage: string;
  readonly servers: string;
}

export const PLATFORM_NAMES = {
  ios: 'iPhone, iPad',
  android: 'Android',
  windows: 'Windows',
  macos: 'macOS',
  linux: 'Linux',
} as const;

export const PAGE_TEXTS: Readonly<Record<KnownLocale, PageTexts>> = {
  en: {
    other: 'По-русски',
    ready: 'Works',
    daysLeft: 'Days left',
    until: 'until',
    over: 'over',
    traffic: 'Traffic',
    unlimited: 'without limit',
    of: 'of',
    resets: 'Counted anew on',
    connect: 'Connect this device',
    install: (app) => `Install ${app}`,
    add: (app) => `Press “Add to ${app}”`,
    turnOn: 'Allow the VPN profile and turn it on',
    openApp: (app) => `Add to ${app}`,
    apps: 'Other apps',
    fromShop: (app) => `Get ${app}`,
    inRussia: 'in the Russian App Store',
    nothingOpens: 'If nothing opens, copy the address and add it in the app “from the clipboard”.',
    address: 'Address for apps',
    secret: 'Whoever has it connects at your cost: give it to nobody.',
    copy: 'Copy',
    copied: 'Copied',
    qr: 'QR code',
    qrHint: 'Scan it with the app on another device.',
    qrOutline: 'For Outline',
    otherSystems: 'Other systems',
    devices: 'Devices',
    devicesOf: (used, limit) => (limit === null ? `${used}` : `${used} of ${limit}`),
    noDevices: 'None has connected yet.',
    seen: 'last seen',
    manage: 'Devices are removed in the bot.',
    servers: 'Servers',
  },
  ru: {
    other: 'In English',
    ready: 'Работает',
    daysLeft: 'Осталось дней',
    until: 'до',
    over: 'срок истёк',
    traffic: 'Трафик',
    unlimited: 'без ограничений',
    of: 'из',
    resets: 'Обновится',
    connect: 'Подключить это устройство',
    install: (app) => `Установите ${app}`,
    add: (app) => `Нажмите «Добавить в ${app}»`,
    turnOn: 'Разрешите VPN-профиль и включите его',
    openApp: (app) => `Добавить в ${app}`,
    apps: 'Другие приложения',
    fromShop: (app) => `Скачать ${app}`,
    inRussia: 'в российском App Store',
    nothingOpens: 'Если ничего не открылось, скопируйте адрес и добавьте его в приложении «из буфера обмена».',
    address: 'Адрес для приложений',
    secret: 'Кто знает этот адрес, подключается за ваш счёт: не передавайте его никому.',
    copy: 'Скопировать',
    copied: 'Скопировано',
    qr: 'QR-код',
    qrHint: 'Отсканируйте его в приложении на другом устройстве.',
    qrOutline: 'Для Outline',
    otherSystems: 'Другие системы',
    devices: 'Устройства',
    devicesOf: (used, limit) => (limit === null ? `${used}` : `${used} из ${limit}`),
    noDevices: 'Пока никто не подключался.',
    seen: 'было на связи',
    manage: 'Удалить устройство можно в боте.',
    servers: 'Серверы',
  },
};
