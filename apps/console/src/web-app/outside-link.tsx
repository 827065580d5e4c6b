import { ButtonLink } from '@switchboard/ui';
import type { ComponentProps } from 'react';
import { launch } from './launch';

/** Opens another site: in a tab of its own, or from inside Telegram by way of Telegram, whose frame stays where it is. */
async function openOutside(url: string): Promise<void> {
  if (launch) (await import('./telegram')).openLink(url);
  else window.open(url, '_blank', 'noopener,noreferrer');
}

/** A link to another site that looks like a button. */
export const OutsideLink = ({ href, ...looks }: ComponentProps<typeof ButtonLink> & { href: string }) => (
  <ButtonLink
    {...looks}
    href={href}
    target="_blank"
    rel="noopener noreferrer"
    onClick={(event) => {
      if (!launch) return;
      event.preventDefault();
      void openOutside(href);
    }}
  />
);
