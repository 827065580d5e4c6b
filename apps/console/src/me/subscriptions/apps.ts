/** Where somebody is going to use it. */
export const PLATFORMS = ['ios', 'android', 'windows', 'macos', 'linux'] as const;
type Platform = (typeof PLATFORMS)[number];

interface App {
  /** As the page behind the link knows it: opened with it, that page hands the link to the app. */
  readonly id: string;
  readonly name: string;
  /** Where it is to be had. */
  readonly shop: Readonly<Partial<Record<Platform, string>>>;
}

const HAPP = 'https://github.com/Happ-proxy/happ-desktop/releases/latest';
const HIDDIFY = 'https://github.com/hiddify/hiddify-app/releases/latest';

/** Those that are proposed, the usual one first; the page behind the link knows more. */
const APPS: readonly App[] = [
  {
    id: 'happ',
    name: 'Happ',
    shop: {
      ios: 'https://apps.apple.com/app/happ-proxy-utility/id6504287215',
      android: 'https://play.google.com/store/apps/details?id=com.happproxy',
      ...{ windows: HAPP, macos: HAPP, linux: HAPP },
    },
  },
  { id: 'streisand', name: 'Streisand', shop: { ios: 'https://apps.apple.com/app/streisand/id6450534064' } },
  { id: 'hiddify', name: 'Hiddify', shop: { android: HIDDIFY, windows: HIDDIFY, macos: HIDDIFY, linux: HIDDIFY } },
];

export const appsFor = (platform: Platform): { id: string; name: string; shop: string }[] =>
  APPS.flatMap(({ id, name, shop }) => (shop[platform] ? [{ id, name, shop: shop[platform] }] : []));

/** What this browser says of itself. An iPad pretends to be a Mac, and has what no Mac has. */
export function platformHere(): Platform {
  const { userAgent, maxTouchPoints } = navigator;
  if (/iphone|ipad|ipod/i.test(userAgent)) return 'ios';
  if (/android/i.test(userAgent)) return 'android';
  if (/windows/i.test(userAgent)) return 'windows';
  if (/mac os/i.test(userAgent)) return maxTouchPoints > 1 ? 'ios' : 'macos';
  return 'linux';
}
