import { defineTexts, useFormats } from '@switchboard/ui';

const useTexts = defineTexts({
  en: { kept: (day: string) => `Days before ${day} are no longer kept.` },
  ru: { kept: (day) => `Дней до ${day} уже нет.` },
});

/** Why numbers begin later than was asked for. */
export function KeptFrom({ day }: { day: string }) {
  const t = useTexts();
  const formats = useFormats();
  return <span>{t.kept(formats.date(day, 'UTC'))}</span>;
}
