import type { Mail } from './mailer.service';

/** A mail for the sake of its links. */
export interface Letter {
  readonly to: string;
  readonly subject: string;
  readonly before: string;
  readonly links: readonly { readonly text: string; readonly url: string }[];
  readonly after: string;
}

/** As programs show it that show nothing else, and as all others do. */
export function letterOf({ to, subject, before, links, after }: Letter): Mail {
  const [first] = links;
  const plain = links.length === 1 ? first!.url : links.map(({ text, url }) => `${text}:\n${url}`).join('\n\n');
  const buttons = links.map(({ text, url }) => {
    const address = escaped(url);
    return `<p><a href="${address}">${escaped(text)}</a></p><p>${address}</p>`;
  });
  return {
    ...{ to, subject },
    text: `${before}\n\n${plain}\n\n${after}\n`,
    html: `<p>${escaped(before)}</p>${buttons.join('')}<p>${escaped(after)}</p>`,
  };
}

const SIGNS: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escaped = (text: string): string => text.replaceAll(/[&<>"]/g, (sign) => SIGNS[sign]!);
