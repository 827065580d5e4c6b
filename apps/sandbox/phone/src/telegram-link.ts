export interface BotLink {
  username: string;
  /** Absent when the link only opens the chat. */
  start?: string;
}

/** Understands https://t.me/name?start=x and tg://resolve?domain=name&start=x; any other address is not a bot link. */
export function parseBotLink(address: string): BotLink | undefined {
  const url = URL.parse(address);
  if (!url) return undefined;
  const web = ['t.me', 'telegram.me', 'telegram.dog'].includes(url.hostname) && /^https?:$/.test(url.protocol);
  const app = url.protocol === 'tg:' && url.hostname === 'resolve';
  const username = web ? /^\/(\w+)\/?$/.exec(url.pathname)?.[1] : app ? url.searchParams.get('domain') : undefined;
  if (!username) return undefined;
  const start = url.searchParams.get('start');
  return start === null ? { username } : { username, start };
}

/** Of an address at which something is paid in Telegram: https://t.me/$slug. */
export function parseInvoiceLink(address: string): string | undefined {
  const url = URL.parse(address);
  return url?.hostname === 't.me' ? /^\/\$([\w-]+)$/.exec(decodeURIComponent(url.pathname))?.[1] : undefined;
}

/** The address behind a link in a message, or nothing when a browser should not follow it. */
export function safeAddress(text: string): string | undefined {
  // In "example.com:8080" the parser would take the host for a scheme.
  const url = (/^[\w.-]+:\d/.test(text) ? null : URL.parse(text)) ?? URL.parse(`https://${text}`);
  return url && ['http:', 'https:', 'mailto:', 'tel:', 'tg:'].includes(url.protocol) ? url.href : undefined;
}
