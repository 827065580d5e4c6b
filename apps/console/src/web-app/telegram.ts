import { on, postEvent, request } from '@tma.js/bridge';
import { setTheme } from '@switchboard/ui';
import { launch } from './launch';

type Colors = Readonly<Record<string, string | undefined>>;

/** Which of our colours are taken from Telegram: grounds alone, as our texts and states have to be readable on all of them. */
const GROUNDS: Readonly<Record<string, readonly string[]>> = {
  '--ground': ['secondary_bg_color', 'bg_color'],
  '--surface': ['section_bg_color', 'bg_color'],
  '--raised': ['section_bg_color', 'bg_color'],
};

/** Tells Telegram that the page can be shown, and looks as Telegram does from then on. */
export function beginInTelegram(): void {
  if (launch?.theme) takeColors(JSON.parse(launch.theme) as Colors);
  on('theme_changed', ({ theme_params: colors }) => takeColors(colors as Colors));
  postEvent('web_app_ready');
  postEvent('web_app_expand');
}

function takeColors(colors: Colors): void {
  const ground = colors['bg_color'];
  if (!ground) return;
  setTheme(isDark(ground) ? 'dark' : 'light', { isKept: false });
  for (const [ours, theirs] of Object.entries(GROUNDS)) {
    const color = theirs.map((name) => colors[name]).find(Boolean);
    if (color) document.documentElement.style.setProperty(ours, color);
  }
}

/** As Telegram decides it: by how bright people see a color. */
function isDark(color: string): boolean {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16));
  return Math.sqrt(0.299 * red ** 2 + 0.587 * green ** 2 + 0.114 * blue ** 2) < 120;
}

/** Telegram has a button of its own for going back. */
export function showBackButton(isShown: boolean): void {
  postEvent('web_app_setup_back_button', { is_visible: isShown });
}
export const onBackButton = (back: () => void): (() => void) => on('back_button_pressed', back);

/** In a browser, or in the chat for what is Telegram's own. */
export function openLink(url: string): void {
  const { host, pathname, search } = new URL(url);
  if (host === 't.me') postEvent('web_app_open_tg_link', { path_full: pathname + search });
  else postEvent('web_app_open_link', { url });
}

/** @param link as Telegram has given it: `https://t.me/$slug` */
export async function openInvoice(link: string): Promise<'paid' | 'failed' | 'pending' | 'cancelled'> {
  const slug = new URL(link).pathname.replace(/^\/(\$|invoice\/)?/, '');
  const { status } = await request('web_app_open_invoice', 'invoice_closed', {
    params: { slug },
    capture: (closed) => closed.slug === slug,
  });
  return status as 'paid' | 'failed' | 'pending' | 'cancelled';
}
