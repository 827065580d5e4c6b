import { Check, Minus } from 'lucide-react';
import type { ReactNode } from 'react';
import {
  Checkbox as AriaCheckbox,
  CheckboxGroup as AriaCheckboxGroup,
  type CheckboxGroupProps as AriaCheckboxGroupProps,
  type CheckboxProps as AriaCheckboxProps,
  Radio as AriaRadio,
  RadioGroup as AriaRadioGroup,
  type RadioGroupProps as AriaRadioGroupProps,
  Switch as AriaSwitch,
  type SwitchProps as AriaSwitchProps,
} from 'react-aria-components';
import { FieldParts, type FieldWords } from './field';
import './toggles.css';

/** Takes effect at once; within a form that is saved as a whole, `Checkbox`. */
export function Switch({
  children,
  hint,
  ...rest
}: Omit<AriaSwitchProps, 'className' | 'style' | 'children'> & { children: ReactNode; hint?: ReactNode }) {
  return (
    <AriaSwitch {...rest} className="ui-toggle">
      <span className="ui-switch" aria-hidden />
      <ToggleWords hint={hint}>{children}</ToggleWords>
    </AriaSwitch>
  );
}

export function Checkbox({
  children,
  hint,
  ...rest
}: Omit<AriaCheckboxProps, 'className' | 'style' | 'children'> & { children?: ReactNode; hint?: ReactNode }) {
  return (
    <AriaCheckbox {...rest} className="ui-toggle">
      {({ isIndeterminate }) => (
        <>
          <span className="ui-check" aria-hidden>
            {isIndeterminate ? <Minus /> : <Check />}
          </span>
          {children && <ToggleWords hint={hint}>{children}</ToggleWords>}
        </>
      )}
    </AriaCheckbox>
  );
}

interface ToggleChoice {
  id: string;
  label: ReactNode;
  hint?: ReactNode;
  disabled?: boolean;
}

/** Any number of a few. */
export function CheckboxGroup({
  label,
  hint,
  optional,
  hideLabel,
  choices,
  ...rest
}: FieldWords & { choices: readonly ToggleChoice[] } & Omit<
    AriaCheckboxGroupProps,
    'children' | 'className' | 'style'
  >) {
  return (
    <AriaCheckboxGroup {...rest} className="ui-field">
      <FieldParts {...{ label, hint, optional, hideLabel }}>
        <div className="ui-toggle-list">
          {choices.map((choice) => (
            <Checkbox key={choice.id} value={choice.id} hint={choice.hint} isDisabled={choice.disabled}>
              {choice.label}
            </Checkbox>
          ))}
        </div>
      </FieldParts>
    </AriaCheckboxGroup>
  );
}

/** One of a few that are worth reading all; `cards` gives each a frame. */
export function RadioGroup({
  label,
  hint,
  optional,
  hideLabel,
  choices,
  cards,
  ...rest
}: FieldWords & { choices: readonly ToggleChoice[]; cards?: boolean } & Omit<
    AriaRadioGroupProps,
    'children' | 'className' | 'style'
  >) {
  return (
    <AriaRadioGroup {...rest} className="ui-field">
      <FieldParts {...{ label, hint, optional, hideLabel }}>
        <div className={cards ? 'ui-toggle-cards' : 'ui-toggle-list'}>
          {choices.map((choice) => (
            <AriaRadio key={choice.id} value={choice.id} isDisabled={choice.disabled} className="ui-toggle">
              <span className="ui-radio" aria-hidden />
              <ToggleWords hint={choice.hint}>{choice.label}</ToggleWords>
            </AriaRadio>
          ))}
        </div>
      </FieldParts>
    </AriaRadioGroup>
  );
}

function ToggleWords({ hint, children }: { hint?: ReactNode; children: ReactNode }) {
  return (
    <span className="ui-toggle-words">
      {children}
      {hint && <span className="ui-hint">{hint}</span>}
    </span>
  );
}
