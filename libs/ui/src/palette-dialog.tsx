import { Search } from 'lucide-react';
import { type ReactNode, useMemo, useState } from 'react';
import {
  Autocomplete,
  Dialog as AriaDialog,
  Header,
  Input,
  ListBox,
  ListBoxItem,
  ListBoxSection,
  Modal,
  ModalOverlay,
  TextField as AriaTextField,
  useFilter,
} from 'react-aria-components';
import { type Command, useAllCommands } from './commands';
import { Kbd } from './kbd';
import { useKitTexts } from './kit.texts';
import type { PaletteProps } from './palette';
import './popover.css';
import './palette.css';

export default function PaletteDialog({
  isOpen,
  onOpenChange,
  found = [],
  searching,
  onSearch,
}: Omit<PaletteProps, 'group'>) {
  const t = useKitTexts();
  return (
    <ModalOverlay className="ui-shade" isOpen={isOpen} onOpenChange={onOpenChange} isDismissable>
      <Modal className="ui-modal ui-palette">
        <AriaDialog aria-label={t.palette.title} className="ui-dialog">
          <PaletteList close={() => onOpenChange(false)} found={found} searching={searching} onSearch={onSearch} />
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}

interface Entry {
  id: string;
  title: string;
  about?: ReactNode;
  icon?: ReactNode;
  keys?: string;
  run: () => void;
}

function PaletteList({
  close,
  found,
  searching,
  onSearch,
}: { close: () => void } & Required<Pick<PaletteProps, 'found'>> & Pick<PaletteProps, 'searching' | 'onSearch'>) {
  const t = useKitTexts();
  const [text, setText] = useState('');
  const { contains } = useFilter({ sensitivity: 'base' });
  const commands = useAllCommands();
  const groups = useMemo(() => {
    const fits = ({ title, words = '', group }: Command) =>
      text.split(/\s+/).every((word) => contains(`${title} ${words} ${group}`, word));
    const entries = [
      ...commands.filter((command) => !command.hidden && fits(command)),
      ...found.map(({ open, ...one }) => ({ ...one, run: open })),
    ];
    return [...Map.groupBy<string, Entry & { group: string }>(entries, ({ group }) => group)];
  }, [commands, found, text, contains]);
  const run = (id: string) => {
    const entry = groups.flatMap(([, entries]) => entries).find((one) => one.id === id);
    close();
    entry?.run();
  };
  return (
    <Autocomplete
      inputValue={text}
      onInputChange={(next) => {
        setText(next);
        onSearch?.(next);
      }}
    >
      <AriaTextField aria-label={t.palette.title} className="ui-palette-field" autoFocus>
        <Search aria-hidden />
        {/* By this role it is known whose keys move and scroll the list, which has no stop of its own. */}
        <Input role="combobox" aria-expanded placeholder={t.palette.placeholder} />
      </AriaTextField>
      <ListBox
        aria-label={t.palette.title}
        className="ui-list ui-palette-list"
        onAction={(key) => run(String(key))}
        renderEmptyState={() => <div className="ui-list-none">{searching ? t.palette.searching : t.nothingFound}</div>}
      >
        {groups.map(([group, entries]) => (
          <ListBoxSection key={group} id={group}>
            <Header className="ui-list-head">{group}</Header>
            {entries.map(({ id, title, about, icon, keys }) => (
              <ListBoxItem key={id} id={id} textValue={title} className="ui-item">
                {icon}
                <span className="ui-item-text">
                  <span>{title}</span>
                  {about && <span className="ui-item-about">{about}</span>}
                </span>
                {keys && <Kbd keys={keys} />}
              </ListBoxItem>
            ))}
          </ListBoxSection>
        ))}
      </ListBox>
      <footer className="ui-palette-help" aria-hidden>
        <span>
          <Kbd keys="up down" /> {t.palette.move}
        </span>
        <span>
          <Kbd keys="enter" /> {t.palette.go}
        </span>
        <span>
          <Kbd keys="escape" /> {t.palette.leave}
        </span>
      </footer>
    </Autocomplete>
  );
}
