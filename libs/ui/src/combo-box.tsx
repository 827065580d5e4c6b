import { ChevronsUpDown, Search } from 'lucide-react';
import { useState } from 'react';
import {
  Autocomplete,
  Button as AriaButton,
  Input,
  ListBox,
  Popover,
  SearchField as AriaSearchField,
  Select as AriaSelect,
  SelectValue,
  useFilter,
} from 'react-aria-components';
import { FieldParts, type FieldWords } from './field';
import { useKitTexts } from './kit.texts';
import { type Choice, ChoiceItem } from './select';
import './popover.css';
import './select.css';

interface ComboBoxProps extends FieldWords {
  name?: string;
  choices: readonly Choice[];
  value?: string | null;
  defaultValue?: string;
  onChange?: (id: string) => void;
  /** Asked for while somebody types, where the choices come from a server; without it they are filtered here. */
  onSearch?: (text: string) => void;
  searching?: boolean;
  placeholder?: string;
  required?: boolean;
  disabled?: boolean;
}

/** One of many, found by typing: a select whose list begins with a search field. */
export function ComboBox({
  name,
  choices,
  value,
  defaultValue,
  onChange,
  onSearch,
  searching,
  placeholder,
  required,
  disabled,
  ...words
}: ComboBoxProps) {
  const t = useKitTexts();
  const { contains } = useFilter({ sensitivity: 'base' });
  const [text, setText] = useState('');
  return (
    <AriaSelect
      className="ui-field"
      name={name}
      value={value}
      defaultValue={defaultValue}
      onChange={(key) => key !== null && onChange?.(String(key))}
      onOpenChange={() => {
        setText('');
        onSearch?.('');
      }}
      isRequired={required}
      isDisabled={disabled}
      placeholder={placeholder ?? (required ? t.choose : t.any)}
    >
      <FieldParts {...words}>
        <AriaButton className="ui-input ui-select">
          <SelectValue className="ui-select-value" />
          <ChevronsUpDown aria-hidden />
        </AriaButton>
      </FieldParts>
      <Popover className="ui-popover ui-combo" offset={4}>
        <Autocomplete
          filter={onSearch ? undefined : contains}
          inputValue={text}
          onInputChange={(next) => {
            setText(next);
            onSearch?.(next);
          }}
        >
          <AriaSearchField aria-label={t.search} className="ui-combo-search" autoFocus>
            <Search aria-hidden />
            <Input placeholder={t.search} />
          </AriaSearchField>
          <ListBox<Choice>
            className="ui-list"
            items={choices}
            renderEmptyState={() => (
              <div className="ui-list-none">{searching ? t.palette.searching : t.nothingFound}</div>
            )}
          >
            {(choice) => <ChoiceItem {...choice} />}
          </ListBox>
        </Autocomplete>
      </Popover>
    </AriaSelect>
  );
}
