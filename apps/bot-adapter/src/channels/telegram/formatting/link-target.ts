import { decodeReferences } from '../../../rich-text/text-cleaning';

/**
 * Where a link leads, as far as a chat can follow it.
 * `linked` may stand behind other words (a `text_link`). `spelled` has to be readable in the text: Telegram answers 400 to the
 * whole message for a host without a dot, and turns `mailto:` behind words into a broken http address.
 */
export type LinkTarget = { linked: string } | { spelled: string };

/** Only http, https, tg and mailto lead anywhere; for everything else (`javascript:`, relative paths) undefined. */
export function linkTarget(href: string): LinkTarget | undefined {
  const address = decodeReferences(href).trim();
  if (/^tg:\/\/[a-z\d_-]+(?:[/?][\x21-\x7e]*)?$/i.test(address)) return { linked: address };
  if (/^mailto:[^\s@]+@[^\s@]+$/i.test(address)) return { spelled: address.slice('mailto:'.length) };
  if (!/^https?:\/\//i.test(address) || !URL.canParse(address)) return undefined;
  const url = new URL(address);
  return /[^.]\.[^.]/.test(url.hostname) ? { linked: url.href } : { spelled: address };
}
