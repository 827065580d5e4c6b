import { Link as AriaLink, type LinkProps as AriaLinkProps } from 'react-aria-components';
import './link.css';

/** A link in running text. Addresses of the app itself change the page without loading it anew. */
export function Link({ quiet, ...rest }: Omit<AriaLinkProps, 'className' | 'style'> & { quiet?: boolean }) {
  return <AriaLink {...rest} className="ui-link" data-quiet={quiet || undefined} />;
}
