import { Check } from 'lucide-react';
import type { ReactElement, ReactNode, RefObject } from 'react';
import {
  Header,
  Menu as AriaMenu,
  MenuItem,
  MenuSection,
  MenuTrigger,
  Popover,
  type PopoverProps,
  Separator,
  Text,
} from 'react-aria-components';
import { Kbd } from './kbd';
import './popover.css';

export interface MenuEntry {
  id: string;
  label: string;
  about?: ReactNode;
  icon?: ReactNode;
  keys?: string;
  /** Leads somewhere instead of doing something. */
  href?: string;
  onAction?: () => void;
  look?: 'danger';
  disabled?: boolean;
}
export interface MenuGroup {
  id: string;
  title?: string;
  entries: readonly MenuEntry[];
  /** One of them is chosen, shown by a mark. */
  chosen?: { id: string; onChange: (id: string) => void };
}

interface MenuProps {
  /** Read out, not seen. */
  label: string;
  groups: readonly MenuGroup[];
}

/** A button with a menu: the button is its child. */
export function MenuButton({
  children,
  placement,
  ...menu
}: MenuProps & { children: ReactElement; placement?: PopoverProps['placement'] }) {
  return (
    <MenuTrigger>
      {children}
      <Popover className="ui-popover" placement={placement} offset={4}>
        <Menu {...menu} />
      </Popover>
    </MenuTrigger>
  );
}

/** A menu at something that is no part of it: one for all rows of a table. */
export function MenuAt({
  anchor,
  onClose,
  ...menu
}: MenuProps & { anchor: RefObject<Element | null>; onClose: () => void }) {
  return (
    <Popover
      className="ui-popover"
      aria-label={menu.label}
      isOpen
      onOpenChange={(open) => !open && onClose()}
      triggerRef={anchor}
      placement="bottom end"
      offset={4}
    >
      <Menu {...menu} onClose={onClose} />
    </Popover>
  );
}

function Menu({ label, groups, onClose }: MenuProps & { onClose?: () => void }) {
  return (
    <AriaMenu aria-label={label} className="ui-list" autoFocus="first" onClose={onClose}>
      {groups
        .filter(({ entries }) => entries.length > 0)
        .flatMap((group, i) => [
          ...(i > 0 ? [<Separator key={`line ${group.id}`} className="ui-list-line" />] : []),
          <MenuSection
            key={group.id}
            aria-label={group.title ?? label}
            {...(group.chosen && {
              selectionMode: 'single',
              selectedKeys: [group.chosen.id],
              disallowEmptySelection: true,
              onSelectionChange: (keys) => {
                const [key] = keys;
                if (key !== undefined) group.chosen?.onChange(String(key));
              },
            })}
          >
            {group.title && <Header className="ui-list-head">{group.title}</Header>}
            {group.entries.map((entry) => (
              <Entry key={entry.id} {...entry} />
            ))}
          </MenuSection>,
        ])}
    </AriaMenu>
  );
}

function Entry({ id, label, about, icon, keys, href, onAction, look, disabled }: MenuEntry) {
  return (
    <MenuItem
      id={id}
      textValue={label}
      href={href}
      onAction={onAction}
      isDisabled={disabled}
      className="ui-item"
      data-look={look}
    >
      {({ isSelected }) => (
        <>
          {icon}
          <span className="ui-item-text">
            <Text slot="label">{label}</Text>
            {about && (
              <Text slot="description" className="ui-item-about">
                {about}
              </Text>
            )}
          </span>
          {isSelected && <Check className="ui-item-check" />}
          {keys && <Kbd keys={keys} />}
        </>
      )}
    </MenuItem>
  );
}
