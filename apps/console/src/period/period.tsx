import { DateRangeField, type Days, defineTexts, Select } from '@switchboard/ui';
import { dayOf, lastDays } from './days';

const useTexts = defineTexts({
  en: {
    period: 'Period',
    days: { '7': 'Last 7 days', '28': 'Last 28 days', '90': 'Last 90 days', own: 'Chosen days' },
  },
  ru: {
    period: 'Период',
    days: { '7': 'Последние 7 дней', '28': 'Последние 28 дней', '90': 'Последние 90 дней', own: 'Выбранные дни' },
  },
});

/** The usual periods in a list, any other by its days. */
export function PeriodField({ days, onChange }: { days: Days; onChange: (days: Days) => void }) {
  const t = useTexts();
  const usual = (['7', '28', '90'] as const).find((count) => {
    const { from, to } = lastDays(Number(count));
    return from === days.from && to === days.to;
  });
  return (
    <>
      <Select
        label={t.period}
        hideLabel
        value={usual ?? 'own'}
        onChange={(id) => id !== 'own' && onChange(lastDays(Number(id)))}
        choices={(['7', '28', '90', 'own'] as const).map((id) => ({ id, label: t.days[id], disabled: id === 'own' }))}
      />
      <DateRangeField label={t.period} hideLabel value={days} onChange={onChange} max={dayOf(new Date())} />
    </>
  );
}
