import { FieldRow, type FormValues, NumberField } from '@switchboard/ui';
import { useState } from 'react';
import { givesMuch } from '../shop/approval-limits';
import { usePartnerTexts } from './partners.texts';

const LEVELS = [1, 2, 3] as const;

/** Up to the first level that was left empty. */
export function sharesIn(values: FormValues): number[] {
  const shares = LEVELS.map((level) => values.number(`percents.${level - 1}`));
  const end = shares.findIndex((share) => share === undefined);
  return shares.slice(0, end < 0 ? LEVELS.length : end).map(Number);
}

/** Of what somebody pays, for whoever has brought them, who had brought those, and so on. */
export function ShareFields({ percents, isDisabled }: { percents: readonly number[]; isDisabled?: boolean }) {
  const t = usePartnerTexts();
  const [shares, setShares] = useState<readonly (number | undefined)[]>(percents);
  return (
    <>
      <p className="soft">{t.percentsHint}</p>
      <FieldRow>
        {LEVELS.map((level) => (
          <NumberField
            key={level}
            name={`percents.${level - 1}`}
            label={t.level(level)}
            hint={t.levelHint}
            defaultValue={percents[level - 1]}
            onChange={(share) => setShares(LEVELS.map((one) => (one === level ? share : shares[one - 1])))}
            minValue={0}
            maxValue={100}
            isRequired={level === 1}
            optional={level > 1}
            isDisabled={isDisabled}
          />
        ))}
      </FieldRow>
      {givesMuch(shares) && (
        <p className="note" role="status">
          {t.muchNeedsSecond}
        </p>
      )}
    </>
  );
}
