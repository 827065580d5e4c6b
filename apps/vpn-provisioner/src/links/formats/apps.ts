/** Where somebody is going to use it. */
export const PLATFORMS = ['ios', 'android', 'windows', 'macos', 'linux'] as const;
export type Platform = (typeof PLATFORMS)[number];

export interface App {
  readonly id: string;
  readonly name: string;
  /** Where it is to be had; in some countries a shop has a listing of its own. */
  readonly shop: Readonly<Partial<Record<Platform, string>>>;
  readonly shopInRussia?: string;
  /** Speaks Shadowsocks only. */
  readonly shadowsocksOnly?: true;
  /** The link by which it adds an address. */
  link(address: string, title: string): string;
}

const encoded = encodeURIComponent;

const HAPP_DESKTOP = 'https://github.com/Happ-proxy/happ-desktop/releases/latest';
const HIDDIFY = 'https://github.com/hiddify/hiddify-app/releases/latest';
const CLASH_VERGE = 'https://github.com/clash-verge-rev/clash-verge-rev/releases/latest';
const OUTLINE = 'https://getoutline.org/get-started/';

/** In the order in which they are proposed. */
export const APPS: readonly App[] = [
  {
    id: 'happ',
    name: 'Happ',
    shop: {
      ios: 'https://apps.apple.com/app/happ-proxy-utility/id6504287215',
      android: 'https://play.google.com/store/apps/details?id=com.happproxy',
      ...{ windows: HAPP_DESKTOP, macos: HAPP_DESKTOP, linux: HAPP_DESKTOP },
    },
    shopInRussia: 'https://apps.apple.com/ru/app/happ-proxy-utility-plus/id6746188973',
    link: (address) => `happ://add/${address}`,
  },
  {
    id: 'streisand',
    name: 'Streisand',
    shop: { ios: 'https://apps.apple.com/app/streisand/id6450534064' },
    link: (address) => `streisand://import/${address}`,
  },
  {
    id: 'v2rayng',
    name: 'v2rayNG',
    shop: { android: 'https://github.com/2dust/v2rayNG/releases/latest' },
    link: (address, title) => `v2rayng://install-config?name=${encoded(title)}&url=${encoded(address)}`,
  },
  {
    id: 'hiddify',
    name: 'Hiddify',
    shop: { android: HIDDIFY, windows: HIDDIFY, macos: HIDDIFY, linux: HIDDIFY },
    link: (address, title) => `hiddify://import/${address}#${encoded(title)}`,
  },
  {
    id: 'clash-verge',
    name: 'Clash Verge',
    shop: { windows: CLASH_VERGE, macos: CLASH_VERGE, linux: CLASH_VERGE },
    link: (address, title) =>
      `clash://install-config?overwrite=no&name=${encoded(title)}&url=${encoded(`${address}/mihomo`)}`,
  },
  {
    id: 'sing-box',
    name: 'sing-box',
    shop: {
      ios: 'https://sing-box.sagernet.org/clients/apple/',
      android: 'https://sing-box.sagernet.org/clients/android/',
    },
    link: (address, title) =>
      `sing-box://import-remote-profile?url=${encoded(`${address}/sing-box`)}#${encoded(title)}`,
  },
  {
    id: 'outline',
    name: 'Outline',
    shop: { ios: OUTLINE, android: OUTLINE, windows: OUTLINE, macos: OUTLINE, linux: OUTLINE },
    shadowsocksOnly: true,
    link: (address, title) => `${address.replace(/^https?/, 'ssconf')}/outline#${encoded(title)}`,
  },
];

/** What a browser says of itself. An iPad pretends to be a Mac; its person opens the other part of the page. */
export function platformOf(userAgent = ''): Platform {
  if (/iphone|ipad|ipod/i.test(userAgent)) return 'ios';
  if (/android/i.test(userAgent)) return 'android';
  if (/windows/i.test(userAgent)) return 'windows';
  if (/mac os|macintosh/i.test(userAgent)) return 'macos';
  if (/linux|x11/i.test(userAgent)) return 'linux';
  return 'android';
}
