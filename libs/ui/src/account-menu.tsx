import { AccountButton, type AccountProps } from './account-button';
import { MenuButton } from './menu';

export default function AccountMenu(props: AccountProps) {
  const { name, groups, small } = props;
  return (
    <MenuButton label={name} groups={groups} placement={small ? 'bottom end' : 'top start'}>
      <AccountButton {...props} />
    </MenuButton>
  );
}
