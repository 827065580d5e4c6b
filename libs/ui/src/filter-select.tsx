import { type Choice, Select } from './select';

const ANY = '*';

/** A filter of a list: one of a few, or any of them, which is `undefined`. */
export const FilterSelect = ({
  label,
  any,
  value,
  onChange,
  choices,
}: {
  label: string;
  /** What is chosen while nothing is filtered. */
  any: string;
  value: string | undefined;
  onChange: (id: string | undefined) => void;
  choices: readonly Choice[];
}) => (
  <Select
    label={label}
    hideLabel
    value={value ?? ANY}
    onChange={(id) => onChange(id === ANY ? undefined : id)}
    choices={[{ id: ANY, label: any }, ...choices]}
  />
);
