import {
  Group,
  Input,
  TextField as AriaTextField,
  type TextFieldProps as AriaTextFieldProps,
} from 'react-aria-components';
import { FieldParts, type FieldWords } from './field';
import { useFormats } from './format';
import { useKitTexts } from './kit.texts';
import { useLanguage } from './language';
import { decimalOf, fractionDigitsOf, minorOf } from './money';

interface MoneyFieldProps
  extends FieldWords, Omit<AriaTextFieldProps, 'children' | 'className' | 'style' | 'defaultValue' | 'onChange'> {
  currency: string;
  /** In the smallest parts, as is every amount here. */
  defaultMinor?: number;
  /** 1 without it: what costs nothing is mostly a mistake. */
  minMinor?: number;
  maxMinor?: number;
  /** `undefined` while what is typed is no amount. */
  onChange?: (amountMinor: number | undefined) => void;
}

/** An amount as people write it in its currency; read by `FormValues.money`. */
export function MoneyField({
  label,
  hint,
  optional,
  hideLabel,
  currency,
  defaultMinor,
  minMinor = 1,
  maxMinor,
  onChange,
  ...rest
}: MoneyFieldProps) {
  const t = useKitTexts();
  const formats = useFormats();
  const { language } = useLanguage();
  const complaintOf = (text: string): string | undefined => {
    if (text.trim() === '') return undefined;
    const amountMinor = minorOf(text, currency);
    if (amountMinor === undefined) return t.money.mistyped(decimalOf({ amountMinor: 19_900, currency }, language));
    if (amountMinor < minMinor) return t.money.tooLittle(formats.money({ amountMinor: minMinor, currency }));
    if (maxMinor === undefined || amountMinor <= maxMinor) return undefined;
    return t.money.tooMuch(formats.money({ amountMinor: maxMinor, currency }));
  };
  return (
    <AriaTextField
      {...rest}
      className="ui-field"
      defaultValue={defaultMinor === undefined ? '' : decimalOf({ amountMinor: defaultMinor, currency }, language)}
      onChange={onChange && ((text) => onChange(minorOf(text, currency)))}
      validate={complaintOf}
    >
      <FieldParts {...{ label, hint, optional, hideLabel }}>
        <Group className="ui-input ui-input-row">
          <Input inputMode={fractionDigitsOf(currency) === 0 ? 'numeric' : 'decimal'} autoComplete="off" />
          <span className="ui-input-unit" aria-hidden>
            {currency === 'XTR' ? '⭐' : currency}
          </span>
        </Group>
      </FieldParts>
    </AriaTextField>
  );
}
