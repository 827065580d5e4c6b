import type { ReactNode } from 'react';
import { FieldError, Label, Text } from 'react-aria-components';
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
}

export function FieldParts({ label, hint, optional, hideLabel, children }: FieldWords & { children: ReactNode }) {
  const t = useKitTexts();
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
      <FieldError className="ui-field-error">
        {/* The browser's own words are in its language and not in that of the page. */}
        {({ validationDetails, validationErrors }) =>
          validationDetails.valueMissing
            ? t.problem.required
            : validationDetails.typeMismatch
              ? t.problem.mistyped
              : validationErrors.join(' ')
        }
      </FieldError>
    </>
  );
}
