import type { PaymentsFeatures } from '@switchboard/api-client';
import { Button, FieldRow, IconButton, MenuButton, NumberField, Select, TextField } from '@switchboard/ui';
import { Plus, X } from 'lucide-react';
import { GIGABYTE, knownFeatures } from '../shop/known-features';
import { useCatalogueTexts } from './catalogue.texts';
import { type FeatureValue, useFeatureWords } from './features';

/** One line of the form; its name may be half written. */
interface FeatureRow {
  readonly id: string;
  readonly name: string;
  readonly value: FeatureValue;
}

export const featureRowsOf = (features: PaymentsFeatures): readonly FeatureRow[] =>
  Object.entries(features).map(([name, value = null]) => ({ id: name, name, value }));

export const featuresOf = (rows: readonly FeatureRow[]): PaymentsFeatures =>
  Object.fromEntries(rows.map(({ name, value }) => [name.trim(), value]));

const howOf = (value: FeatureValue) =>
  value === null ? 'unlimited' : value === true ? 'yes' : value === false ? 'no' : 'number';

/** What a plan brings, or a package adds: those that services ask for by name, and any other. */
export function FeatureFields({
  rows,
  onChange,
  isDisabled,
}: {
  rows: readonly FeatureRow[];
  onChange: (rows: readonly FeatureRow[]) => void;
  isDisabled?: boolean;
}) {
  const t = useCatalogueTexts();
  const { nameOf } = useFeatureWords();
  const change = (id: string, changes: Partial<FeatureRow>) =>
    onChange(rows.map((row) => (row.id === id ? { ...row, ...changes } : row)));
  const add = (name: string) =>
    onChange([...rows, { id: name || crypto.randomUUID(), name, value: knownFeatures[name] ?? 1 }]);
  const missing = Object.keys(knownFeatures).filter((name) => !rows.some((row) => row.name === name));
  return (
    <>
      {rows.length === 0 && <p className="soft">{t.noFeatures}</p>}
      {rows.map((row) => (
        <div key={row.id} className="feature-row">
          {row.id in knownFeatures ? (
            <span className="feature-name">{nameOf(row.name)}</span>
          ) : (
            <TextField
              label={t.featureName}
              hint={t.featureNameHint}
              value={row.name}
              onChange={(name) => change(row.id, { name })}
              pattern="[a-z][a-z0-9\-]*\.[a-z][a-z0-9\-]*"
              isDisabled={isDisabled}
              isRequired
              mono
            />
          )}
          <HowMuch row={row} onChange={(value) => change(row.id, { value })} isDisabled={isDisabled} />
          {!isDisabled && (
            <IconButton
              label={t.removeFeature(nameOf(row.name))}
              icon={<X />}
              onPress={() => onChange(rows.filter(({ id }) => id !== row.id))}
            />
          )}
        </div>
      ))}
      {!isDisabled && (
        <div>
          <MenuButton
            label={t.addFeature}
            groups={[
              { id: 'known', entries: missing.map((id) => ({ id, label: nameOf(id), onAction: () => add(id) })) },
              { id: 'other', entries: [{ id: 'other', label: t.otherFeature, onAction: () => add('') }] },
            ]}
          >
            <Button size="small" icon={<Plus />}>
              {t.addFeature}
            </Button>
          </MenuButton>
        </div>
      )}
    </>
  );
}

/** How a number is written whose unit is so much of what services count: gigabytes, US dollars, or pieces. */
const formatOf = (size: number): Intl.NumberFormatOptions =>
  size === GIGABYTE
    ? { style: 'unit', unit: 'gigabyte', maximumFractionDigits: 3 }
    : size === 1
      ? { maximumFractionDigits: 0 }
      : { style: 'currency', currency: 'USD', currencyDisplay: 'narrowSymbol', maximumFractionDigits: 6 };

function HowMuch({
  row: { name, value },
  onChange,
  isDisabled,
}: {
  row: FeatureRow;
  onChange: (value: FeatureValue) => void;
  isDisabled?: boolean;
}) {
  const t = useCatalogueTexts();
  const size = knownFeatures[name] ?? 1;
  // A field that is left says what it shows, which is rounded: that alone changes nothing.
  const shown = (units: number) => units.toFixed(formatOf(size).maximumFractionDigits);
  const isAnother = (units: number) =>
    !Number.isNaN(units) && typeof value === 'number' && shown(units) !== shown(value / size);
  const how = howOf(value);
  // Whatever services count, a number of it can be had; what nobody here knows may be had or not.
  const hows =
    name in knownFeatures ? (['number', 'unlimited'] as const) : (['number', 'unlimited', 'yes', 'no'] as const);
  const choose = (next: string) =>
    onChange(next === 'unlimited' ? null : next === 'yes' ? true : next === 'no' ? false : size);
  return (
    <FieldRow>
      <Select
        label={t.howMuch}
        hideLabel
        value={how}
        onChange={choose}
        choices={hows.map((id) => ({ id, label: t.hows[id] }))}
        disabled={isDisabled}
      />
      {typeof value === 'number' && (
        <NumberField
          label={t.howMuch}
          hideLabel
          value={value / size}
          onChange={(units) => isAnother(units) && onChange(Math.round(units * size))}
          minValue={0}
          step={size === 1 ? 1 : undefined}
          formatOptions={formatOf(size)}
          isDisabled={isDisabled}
        />
      )}
    </FieldRow>
  );
}
