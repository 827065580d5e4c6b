import { Check, ChevronsUpDown } from 'lucide-react';
import type { ReactNode } from 'react';
import {
  Button as AriaButton,
  Header,
  ListBox,
  ListBoxItem,
  ListBoxSection,
  Popover,
  Select as AriaSelect,
  SelectValue,
  Text,
} from 'react-aria-components';
import { FieldParts, type FieldWords } from './field';
import { useKitTexts } from './kit.texts';
import './popover.css';
import './select.css';

export interface Choice {
  id: string;
  label: string;
  about?: ReactNode;
  icon?: ReactNode;
  disabled?: boolean;
}
interface ChoiceGroup {
  title: string;
  choices: readonly Choice[];
}

interface SelectProps extends FieldWords {
  name?: string;
  choices: readonly Choice[] | readonly ChoiceGroup[];
  value?: string | null;
  defaultValue?: string;
  onChange?: (id: string) => void;
  placeholder?: string;
  required?: boolean;
  disabled?: boolean;
}

const isGrouped = (choices: SelectProps['choices']): choices is readonly ChoiceGroup[] =>
  choices[0] !== undefined && 'choices' in choices[0];

/** One of a few; of many, `ComboBox`. */
export function Select({
  name,
  choices,
  value,
  defaultValue,
  onChange,
  placeholder,
  required,
  disabled,
  ...words
}: SelectProps) {
  const t = useKitTexts();
  return (
    <AriaSelect
      className="ui-field"
      name={name}
      value={value}
      defaultValue={defaultValue}
      onChange={(key) => key !== null && onChange?.(String(key))}
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
      <Popover className="ui-popover" offset={4}>
        <ListBox className="ui-list">
          {isGrouped(choices)
            ? choices.map((group) => (
                <ListBoxSection key={group.title} id={group.title}>
                  <Header className="ui-list-head">{group.title}</Header>
                  {group.choices.map((choice) => (
                    <ChoiceItem key={choice.id} {...choice} />
                  ))}
                </ListBoxSection>
              ))
            : choices.map((choice) => <ChoiceItem key={choice.id} {...choice} />)}
        </ListBox>
      </Popover>
    </AriaSelect>
  );
}

/** A choice in the list of a select or a combo box. */
export function ChoiceItem({ id, label, about, icon, disabled }: Choice) {
  return (
    <ListBoxItem id={id} textValue={label} isDisabled={disabled} className="ui-item">
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
        </>
      )}
    </ListBoxItem>
  );
}
