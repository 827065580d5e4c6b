import { Search, X } from 'lucide-react';
import { type Ref } from 'react';
import {
  Button as AriaButton,
  Group,
  Input,
  SearchField as AriaSearchField,
  type SearchFieldProps as AriaSearchFieldProps,
  TextArea as AriaTextArea,
  TextField as AriaTextField,
  type TextFieldProps as AriaTextFieldProps,
} from 'react-aria-components';
import { FieldParts, type FieldWords } from './field';
import { Kbd } from './kbd';
import { useKitTexts } from './kit.texts';

interface TextFieldProps extends FieldWords, Omit<AriaTextFieldProps, 'children' | 'className' | 'style'> {
  placeholder?: string;
  /** For ids and tokens. */
  mono?: boolean;
  inputRef?: Ref<HTMLInputElement>;
}

export function TextField({ label, hint, optional, hideLabel, placeholder, mono, inputRef, ...rest }: TextFieldProps) {
  return (
    <AriaTextField {...rest} className="ui-field">
      <FieldParts {...{ label, hint, optional, hideLabel }} minLength={rest.minLength} maxLength={rest.maxLength}>
        <Input ref={inputRef} className={mono ? 'ui-input ui-mono' : 'ui-input'} placeholder={placeholder} />
      </FieldParts>
    </AriaTextField>
  );
}

interface TextAreaProps extends Omit<TextFieldProps, 'inputRef'> {
  rows?: number;
}

/** It grows with what is written. */
export function TextArea({ label, hint, optional, hideLabel, placeholder, mono, rows = 3, ...rest }: TextAreaProps) {
  return (
    <AriaTextField {...rest} className="ui-field">
      <FieldParts {...{ label, hint, optional, hideLabel }} minLength={rest.minLength} maxLength={rest.maxLength}>
        <AriaTextArea
          rows={rows}
          className={mono ? 'ui-input ui-mono' : 'ui-input'}
          placeholder={placeholder}
          style={{ minHeight: rows * 20 + 14 }}
        />
      </FieldParts>
    </AriaTextField>
  );
}

interface SearchFieldProps extends Omit<AriaSearchFieldProps, 'children' | 'className' | 'style'> {
  label: string;
  placeholder?: string;
  /** The key that leads into it, shown while it is empty. */
  keys?: string;
  inputRef?: Ref<HTMLInputElement>;
}

export function SearchField({ label, placeholder, keys, inputRef, ...rest }: SearchFieldProps) {
  const t = useKitTexts();
  return (
    <AriaSearchField {...rest} aria-label={label} className="ui-field ui-search">
      {({ isEmpty }) => (
        <Group className="ui-input ui-input-row">
          <Search aria-hidden />
          <Input ref={inputRef} placeholder={placeholder ?? label} />
          {isEmpty
            ? keys && <Kbd keys={keys} />
            : !rest.isDisabled && (
                <AriaButton className="ui-input-button" aria-label={t.clear}>
                  <X />
                </AriaButton>
              )}
        </Group>
      )}
    </AriaSearchField>
  );
}
