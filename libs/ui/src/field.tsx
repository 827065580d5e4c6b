import type { ReactNode } from 'react';
import { FieldError, Label, Text, type ValidationResult } from 'react-aria-components';
import { useKitTexts } from './kit.texts';
import './field.css';

/** What every field has besides its control. */
export interface FieldWords {
  label: ReactNode;
  /** Under the control: what it is for, or what it may be. */
  hint?: ReactNode;
  /** Says so beside the label. */
  optional?: boolean;
  /** The label is read out and not seen, as in a bar of filters. */
  hideLabel?: boolean;
  /** In characters. */
  minLength?: number;
  maxLength?: number;
}

export function FieldParts(props: FieldWords & { children: ReactNode }) {
  const { label, hint, optional, hideLabel, children, minLength = 0, maxLength = 0 } = props;
  const t = useKitTexts();
  // The browser's own words are in its language and not in that of the page.
  const textOf = ({ validationDetails: is, validationErrors }: ValidationResult): string => {
    if (is.customError) return validationErrors.join(' ');
    if (is.valueMissing) return t.problem.required;
    if (is.tooShort) return t.problem.tooShort(minLength);
    if (is.tooLong) return t.problem.tooLong(maxLength);
    return is.valid ? validationErrors.join(' ') : t.problem.mistyped;
  };
  return (
    <>
      <Label className={hideLabel ? 'visually-hidden' : 'ui-label'}>
        {label}
        {optional && <span className="ui-label-optional">{t.optional}</span>}
      </Label>
      {children}
      {hint && (
        <Text slot="description" className="ui-hint">
          {hint}
        </Text>
      )}
      <FieldError className="ui-field-error">{textOf}</FieldError>
    </>
  );
}
