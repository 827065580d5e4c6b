/** Where the sandbox is laxer than Telegram: this machine and hosts without a dot, which is what compose and Kubernetes name. */
export const isNear = ({ hostname }: URL) => /^(127\.[\d.]+|\[::1\]|[^.]+)$/.test(hostname);

/**
 * What is wrong with an address on a button or behind words; undefined when nothing is. An address without a scheme is one of
 * http. Source: tdlib, LinkManager::get_checked_link.
 */
export function linkMistake(source: unknown, { needsTls = false } = {}): string | undefined {
  if (source === undefined) return undefined;
  const given = String(source);
  if (/^(tg|ton|tonsite):/i.test(given)) return needsTls ? 'Only HTTP links are allowed' : undefined;
  const url = URL.parse(/^[a-z][a-z\d+.-]*:\/\//i.test(given) ? given : `http://${given}`);
  if (!url || /\s/.test(given)) return 'Wrong HTTP URL';
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return 'Unsupported URL protocol';
  if (isNear(url)) return undefined;
  return needsTls && url.protocol !== 'https:' ? 'Only HTTPS links are allowed' : undefined;
}
