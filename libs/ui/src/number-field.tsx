import { Minus, Plus } from 'lucide-react';
import {
  Button as AriaButton,
  Group,
  Input,
  NumberField as AriaNumberField,
  type NumberFieldProps as AriaNumberFieldProps,
} from 'react-aria-components';
import { FieldParts, type FieldWords } from './field';
import { useKitTexts } from './kit.texts';

interface NumberFieldProps extends FieldWords, Omit<AriaNumberFieldProps, 'children' | 'className' | 'style'> {
  placeholder?: string;
}

/** Numbers as the language writes them; `formatOptions` gives currency and units. */
export function NumberField({ label, hint, optional, hideLabel, placeholder, ...rest }: NumberFieldProps) {
  const t = useKitTexts();
  return (
    <AriaNumberField {...rest} className="ui-field">
      <FieldParts {...{ label, hint, optional, hideLabel }}>
        <Group className="ui-input ui-input-row">
          <Input placeholder={placeholder} />
          <AriaButton slot="decrement" className="ui-input-button" aria-label={t.number.less}>
            <Minus />
          </AriaButton>
          <AriaButton slot="increment" className="ui-input-button" aria-label={t.number.more}>
            <Plus />
          </AriaButton>
        </Group>
      </FieldParts>
    </AriaNumberField>
  );
}
