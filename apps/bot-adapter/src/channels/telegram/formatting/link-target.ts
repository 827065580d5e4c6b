import { decodeReferences } from '../../../rich-text/text-cleaning';

/**
 * Where a link leads, as far as a chat can follow it.
 * `linked` may stand behind other words (a `text_link`). `spelled` has to be readable in the text: Telegram answers 400 to the
 * whole message for a host without a dot, and turns `mailto:` behind words into a broken http address.
 */
export type LinkTarget = { linked: string } | { spelled: string };

/** Undefined for what is of no use to a reader: scripts, data, places on a page that nobody has. */
export function linkTarget(href: string): LinkTarget | undefined {
  const address = decodeReferences(href).trim();
  if (/^tg:\/\/[a-z\d_-]+(?:[/?][\x21-\x7e]*)?$/i.test(address)) return { linked: address };
  const [, personal] = /^(?:mailto|tel|sms):([^?]+)/i.exec(address) ?? [];
  if (personal) return { spelled: personal };
  if (!address || /^(?:#|(?:javascript|vbscript|data):)/i.test(address)) return undefined;
  if (!/^https?:\/\//i.test(address) || !URL.canParse(address)) return { spelled: address };
  const url = new URL(address);
  return /[^.]\.[^.]/.test(url.hostname) ? { linked: url.href } : { spelled: address };
}
