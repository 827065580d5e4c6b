import type { CustomerCriteria, PeopleCriteria } from '@switchboard/api-client';
import {
  Checkbox,
  CheckboxGroup,
  FieldRow,
  type FormValues,
  MoneyField,
  NumberField,
  Select,
  TextField,
} from '@switchboard/ui';
import { useState } from 'react';
import { useSegmentTexts } from './segments.texts';

const states = ['none', 'trial', 'active', 'grace', 'expired'] as const;
const languages = ['ru', 'en'] as const;
const currencies = ['RUB', 'USD', 'EUR', 'XTR'] as const;

const wordsIn = (values: FormValues, name: string) => {
  const words = values
    .text(name)
    .split(/[\s,]+/)
    .filter(Boolean);
  return words.length > 0 ? words : undefined;
};

const sinceIn = (values: FormValues, name: string) => {
  const [within, before] = [values.number(`${name}.within`), values.number(`${name}.before`)];
  return within === undefined && before === undefined ? undefined : { within, before };
};

export const peopleIn = (values: FormValues, name: string): PeopleCriteria => {
  const spoken = values.list(`${name}.languages`);
  return {
    languages: spoken.length > 0 ? spoken : undefined,
    firstSeen: sinceIn(values, `${name}.firstSeen`),
    lastSeen: sinceIn(values, `${name}.lastSeen`),
    cameBy: wordsIn(values, `${name}.cameBy`),
  };
};

export function customersIn(values: FormValues, name: string): CustomerCriteria {
  const number = (field: string) => values.number(`${name}.${field}`);
  const chosen = states.filter((state) => values.list(`${name}.states`).includes(state));
  const [from, to] = [number('endedDaysAgo.from'), number('endedDaysAgo.to')];
  const currency = values.text(`${name}.spentAtLeast.currency`);
  const amountMinor = currency ? values.money(`${name}.spentAtLeast.amountMinor`, currency) : undefined;
  return {
    states: chosen.length > 0 ? chosen : undefined,
    levels: wordsIn(values, `${name}.levels`),
    endsWithinDays: number('endsWithinDays'),
    endedDaysAgo: from === undefined && to === undefined ? undefined : { from: from ?? 0, to: to ?? 3660 },
    neverBought: values.flag(`${name}.neverBought`) || undefined,
    boughtWithinDays: number('boughtWithinDays'),
    spentAtLeast: amountMinor === undefined ? undefined : { amountMinor, currency },
  };
}

export function PeopleFields({ name, criteria = {} }: { name: string; criteria?: PeopleCriteria }) {
  const t = useSegmentTexts();
  const days = { minValue: 0, maxValue: 3660, optional: true };
  return (
    <>
      <CheckboxGroup
        name={`${name}.languages`}
        label={t.languages}
        defaultValue={criteria.languages ?? []}
        choices={languages.map((id) => ({ id, label: t.languageNames[id] }))}
        optional
      />
      <FieldRow>
        <NumberField
          {...days}
          name={`${name}.firstSeen.within`}
          label={t.firstWithin}
          defaultValue={criteria.firstSeen?.within}
        />
        <NumberField
          {...days}
          name={`${name}.firstSeen.before`}
          label={t.firstBefore}
          defaultValue={criteria.firstSeen?.before}
        />
      </FieldRow>
      <FieldRow>
        <NumberField
          {...days}
          name={`${name}.lastSeen.within`}
          label={t.lastWithin}
          defaultValue={criteria.lastSeen?.within}
        />
        <NumberField
          {...days}
          name={`${name}.lastSeen.before`}
          label={t.lastBefore}
          defaultValue={criteria.lastSeen?.before}
        />
      </FieldRow>
      <TextField
        name={`${name}.cameBy`}
        label={t.cameBy}
        hint={t.cameByHint}
        defaultValue={criteria.cameBy?.join(' ')}
        mono
        optional
      />
    </>
  );
}

export function CustomerFields({ name, criteria = {} }: { name: string; criteria?: CustomerCriteria }) {
  const t = useSegmentTexts();
  const { spentAtLeast: spent } = criteria;
  const [currency, setCurrency] = useState(spent?.currency ?? 'RUB');
  const days = { minValue: 0, maxValue: 3660, optional: true };
  return (
    <>
      <CheckboxGroup
        name={`${name}.states`}
        label={t.states}
        defaultValue={criteria.states ?? []}
        choices={states.map((id) => ({ id, label: t.stateNames[id] }))}
        optional
      />
      <TextField
        name={`${name}.levels`}
        label={t.levels}
        hint={t.levelsHint}
        defaultValue={criteria.levels?.join(' ')}
        mono
        optional
      />
      <NumberField
        {...days}
        name={`${name}.endsWithinDays`}
        label={t.endsWithin}
        defaultValue={criteria.endsWithinDays}
      />
      <FieldRow>
        <NumberField
          {...days}
          name={`${name}.endedDaysAgo.from`}
          label={t.endedFrom}
          defaultValue={criteria.endedDaysAgo?.from}
        />
        <NumberField
          {...days}
          name={`${name}.endedDaysAgo.to`}
          label={t.endedTo}
          defaultValue={criteria.endedDaysAgo?.to}
        />
      </FieldRow>
      <Checkbox name={`${name}.neverBought`} defaultSelected={criteria.neverBought}>
        {t.neverBought}
      </Checkbox>
      <NumberField
        {...days}
        name={`${name}.boughtWithinDays`}
        label={t.boughtWithin}
        defaultValue={criteria.boughtWithinDays}
      />
      <FieldRow>
        <MoneyField
          key={currency}
          name={`${name}.spentAtLeast.amountMinor`}
          label={t.spent}
          currency={currency}
          defaultMinor={spent?.currency === currency ? spent.amountMinor : undefined}
          minMinor={0}
          optional
        />
        <Select
          name={`${name}.spentAtLeast.currency`}
          label={t.currency}
          value={currency}
          onChange={setCurrency}
          choices={[...new Set([...(spent ? [spent.currency] : []), ...currencies])].map((id) => ({ id, label: id }))}
        />
      </FieldRow>
    </>
  );
}
