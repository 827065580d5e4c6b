import { type ReactElement, type ReactNode } from 'react';
import {
  Button as AriaButton,
  type ButtonProps as AriaButtonProps,
  Link as AriaLink,
  type LinkProps as AriaLinkProps,
} from 'react-aria-components';
import { Spinner } from './spinner';
import { Tooltip } from './tooltip';
import './button.css';

type ButtonLook = 'primary' | 'plain' | 'quiet' | 'danger' | 'danger-quiet';

interface Looks {
  look?: ButtonLook;
  size?: 'small' | 'usual' | 'large';
  icon?: ReactNode;
  /** After the words: where it leads. */
  iconEnd?: ReactNode;
  /** The keys that do the same, shown to the right of the words. */
  keys?: ReactNode;
  /** As wide as its surroundings. */
  wide?: boolean;
  children?: ReactNode;
}

export interface ButtonProps extends Looks, Omit<AriaButtonProps, 'children' | 'className' | 'style'> {}

export function Button({ look = 'plain', size = 'usual', icon, iconEnd, keys, wide, children, ...rest }: ButtonProps) {
  return (
    <AriaButton {...rest} className="ui-button" data-look={look} data-size={size} data-wide={wide || undefined}>
      {({ isPending }) => (
        <>
          {isPending ? <Spinner /> : icon}
          {children != null && <span className="ui-button-text">{children}</span>}
          {iconEnd}
          {keys}
        </>
      )}
    </AriaButton>
  );
}

/** A link that looks like a button: it leads somewhere and changes nothing. */
export function ButtonLink({
  look = 'plain',
  size = 'usual',
  icon,
  iconEnd,
  keys,
  wide,
  children,
  ...rest
}: Looks & Omit<AriaLinkProps, 'children' | 'className' | 'style'>) {
  return (
    <AriaLink {...rest} className="ui-button" data-look={look} data-size={size} data-wide={wide || undefined}>
      {icon}
      {children != null && <span className="ui-button-text">{children}</span>}
      {iconEnd}
      {keys}
    </AriaLink>
  );
}

interface IconButtonProps extends Omit<AriaButtonProps, 'children' | 'className' | 'style' | 'aria-label'> {
  /** What it does: its name for screen readers, and its tooltip. */
  label: string;
  icon: ReactElement;
  look?: ButtonLook;
  size?: 'small' | 'usual';
  keys?: ReactNode;
}

export function IconButton({ label, icon, look = 'quiet', size = 'usual', keys, ...rest }: IconButtonProps) {
  return (
    <Tooltip text={label} keys={keys}>
      <AriaButton {...rest} aria-label={label} className="ui-button ui-button-icon" data-look={look} data-size={size}>
        {({ isPending }) => (isPending ? <Spinner /> : icon)}
      </AriaButton>
    </Tooltip>
  );
}
