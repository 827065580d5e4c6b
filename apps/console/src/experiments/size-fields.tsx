import { type AnalyticsExperiment, analyticsExperimentsPlan } from '@switchboard/api-client';
import { FieldRow, NumberField, useFormats } from '@switchboard/ui';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useExperimentTexts } from './experiments.texts';

/** How many people it takes, told while it is filled in. */
export function SizeFields({
  draft,
  isShare: asksShare,
  arms,
  effect,
  onEffect,
}: {
  draft?: AnalyticsExperiment;
  isShare: boolean;
  arms: number;
  effect: number;
  onEffect: (effect: number) => void;
}) {
  const t = useExperimentTexts();
  const formats = useFormats();
  const [baseline, setBaseline] = useState<number>();
  const [persons, setPersons] = useState(draft?.plannedPersons ?? undefined);
  const plan = useQuery({
    queryKey: ['experiment plan', baseline, effect, arms],
    queryFn: async () =>
      (await analyticsExperimentsPlan({ body: { mean: (baseline ?? 0) / 100, minimalEffect: effect / 100, arms } }))
        .data,
    enabled: asksShare && baseline !== undefined && baseline > 0 && baseline < 100 && effect > 0,
    placeholderData: keepPreviousData,
    retry: false,
  });
  const needed = plan.data;
  return (
    <>
      <FieldRow>
        {asksShare && (
          <NumberField
            label={t.baseline}
            hint={t.baselineHint}
            value={baseline ?? Number.NaN}
            onChange={(value) => setBaseline(Number.isNaN(value) ? undefined : value)}
            minValue={0}
            maxValue={100}
          />
        )}
        <NumberField
          label={t.effect}
          hint={t.effectHint}
          value={effect}
          onChange={onEffect}
          minValue={0.1}
          maxValue={1000}
          formatOptions={{ style: 'unit', unit: 'percent', maximumFractionDigits: 1 }}
        />
      </FieldRow>
      <p className="note" role="status">
        {needed ? t.needed(formats.number(needed.persons), formats.number(needed.personsPerArm)) : t.neededNone}
      </p>
      <FieldRow>
        <NumberField
          name="plannedPersons"
          label={t.persons}
          value={persons ?? needed?.persons ?? Number.NaN}
          onChange={(value) => setPersons(Number.isNaN(value) ? undefined : value)}
          minValue={100}
        />
        <NumberField
          name="weeks"
          label={t.weeks}
          hint={t.weeksHint}
          defaultValue={draft?.days ? draft.days / 7 : 2}
          minValue={2}
          maxValue={52}
        />
        <NumberField
          name="coverage"
          label={t.coverage}
          defaultValue={(draft?.coverage ?? 10_000) / 10_000}
          minValue={0.01}
          maxValue={1}
          step={0.01}
          formatOptions={{ style: 'percent' }}
          isRequired
        />
      </FieldRow>
    </>
  );
}
