import { tabStorage } from '../tab-storage';

/** A page that Telegram has opened inside itself, as the Web App of a bot. */
interface Launch {
  /** Which bot's: Telegram does not say, so that the address that the bot gives has to. */
  readonly botId: string;
  /** By which Telegram says who the person is: signed, and worth nothing until the gateway has checked it. */
  readonly initData: string;
  /** The colours of the app at that moment, as JSON. */
  readonly theme?: string;
}

const KEPT = 'switchboard.web-app';

/** Undefined in a browser of its own. */
export const launch: Launch | undefined = isInTelegram() ? read() : undefined;

/**
 * Somebody may put what Telegram says of them into a link, so that others act in an account that is not their own: in a browser it
 * counts for nothing. Into a frame only Telegram takes this page.
 */
function isInTelegram(): boolean {
  const { TelegramWebviewProxy: proxy, external } = window as { TelegramWebviewProxy?: object; external?: object };
  return proxy !== undefined || 'notify' in (external ?? {}) || window.parent !== window;
}

function read(): Launch | undefined {
  const { hash, search } = window.location;
  const given = new URLSearchParams(hash.slice(1));
  const initData = given.get('tgWebAppData');
  const theme = given.get('tgWebAppThemeParams') ?? undefined;
  const botId = new URLSearchParams(search).get('bot');
  // The address of the next page no longer has it, and this one may be loaded anew.
  if (initData && botId) tabStorage.set(KEPT, JSON.stringify({ botId, initData, theme } satisfies Launch));
  const kept = tabStorage.get(KEPT);
  return kept === undefined ? undefined : (JSON.parse(kept) as Launch);
}
