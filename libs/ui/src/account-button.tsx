import { Button } from 'react-aria-components';
import { Avatar } from './avatar';
import type { MenuGroup } from './menu';
import './shell.css';

export interface AccountProps {
  id: string;
  name: string;
  about?: string;
  groups: readonly MenuGroup[];
  /** On a phone: the sign alone. */
  small?: boolean;
}

/** Whose account it is. */
export const AccountButton = ({ id, name, about, small }: AccountProps) => (
  <Button className="ui-account" aria-label={small ? name : undefined}>
    <Avatar id={id} name={name} />
    {!small && (
      <span className="ui-account-words">
        <span>{name}</span>
        {about && <span>{about}</span>}
      </span>
    )}
  </Button>
);
