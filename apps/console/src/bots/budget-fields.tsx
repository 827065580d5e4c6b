import { Checkbox, type FormValues, NumberField } from '@switchboard/ui';
import { useState } from 'react';
import { useBotTexts } from './bots.texts';
import type { Budget, KnownDescription } from './description';

type Budgets = NonNullable<KnownDescription['budgets']>;

const fields = [
  ['personPerDay', 'personPerDayUsd', undefined],
  ['botPerMonth', 'botPerMonthUsd', undefined],
  ['speechPersonPerDay', 'personPerDayUsd', 'speech'],
  ['speechBotPerMonth', 'botPerMonthUsd', 'speech'],
] as const;

type Field = (typeof fields)[number];

const nameOf = ([, field, part]: Field) => ['description.budgets', part, field].filter(Boolean).join('.');
const valueOf = ([, field, part]: Field, budgets: Budgets) => (part ? budgets[part]?.[field] : budgets[field]);

/** What may be spent, each with its own “no limit”: an empty field must never mean that. */
export function BudgetFields({ budgets, disabled }: { budgets: Budgets; disabled?: boolean }) {
  const t = useBotTexts();
  return (
    <>
      {fields.map((field) => (
        <BudgetField
          key={nameOf(field)}
          name={nameOf(field)}
          label={t.settings[field[0]]}
          value={valueOf(field, budgets)}
          disabled={disabled}
        />
      ))}
    </>
  );
}

function BudgetField({
  name,
  label,
  value,
  disabled,
}: {
  name: string;
  label: string;
  value?: Budget;
  disabled?: boolean;
}) {
  const t = useBotTexts();
  const [unlimited, setUnlimited] = useState(value === 'unlimited');
  return (
    <div className="budget">
      <NumberField
        name={name}
        label={label}
        defaultValue={typeof value === 'number' ? value : undefined}
        minValue={0}
        step={0.05}
        formatOptions={{
          style: 'currency',
          currency: 'USD',
          currencyDisplay: 'narrowSymbol',
          maximumFractionDigits: 4,
        }}
        isDisabled={disabled || unlimited}
      />
      <Checkbox name={`${name}.unlimited`} isSelected={unlimited} onChange={setUnlimited} isDisabled={disabled}>
        {t.settings.unlimited}
      </Checkbox>
    </div>
  );
}

export function budgetsIn(values: FormValues, before: Budgets = {}): Budgets | undefined {
  const read = (field: Field): Budget | undefined =>
    values.flag(`${nameOf(field)}.unlimited`) ? 'unlimited' : values.number(nameOf(field));
  const [personPerDayUsd, botPerMonthUsd, speechPerson, speechBot] = fields.map(read);
  const speech = { ...before.speech, personPerDayUsd: speechPerson, botPerMonthUsd: speechBot };
  const budgets = { ...before, personPerDayUsd, botPerMonthUsd, speech };
  const isEmpty = [personPerDayUsd, botPerMonthUsd, speechPerson, speechBot].every((budget) => budget === undefined);
  return isEmpty ? undefined : budgets;
}
