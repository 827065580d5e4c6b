import type { LocalizedText } from '@switchboard/api-client';
import { FieldRow, type FormValues, TextField } from '@switchboard/ui';

const languages = ['en', 'ru'] as const;

export const namesIn = (values: FormValues, name: string): LocalizedText => ({
  en: values.text(`${name}.en`),
  ru: values.text(`${name}.ru`),
});

/** What people read, in both languages beside each other. */
export const NameFields = ({
  name,
  labels,
  texts,
  ...rest
}: {
  name: string;
  labels: readonly [en: string, ru: string];
  texts?: LocalizedText;
  isDisabled?: boolean;
  isRequired?: boolean;
}) => (
  <FieldRow>
    {languages.map((language, i) => (
      <TextField
        key={language}
        name={`${name}.${language}`}
        label={labels[i]}
        defaultValue={texts?.[language]}
        optional={!rest.isRequired}
        {...rest}
      />
    ))}
  </FieldRow>
);
