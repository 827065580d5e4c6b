import { Card, Markdown, Stack } from '@switchboard/ui';
import { useBroadcastTexts } from './broadcasts.texts';

export const locales = ['ru', 'en'] as const;

/** What people see, in both languages. */
export function Previews({
  text,
  labels,
}: {
  text: Readonly<Record<(typeof locales)[number], string>>;
  labels: readonly { readonly ru: string; readonly en: string }[];
}) {
  const t = useBroadcastTexts();
  return (
    <Stack>
      {locales.map((locale) => (
        <Card key={locale} title={t.preview[locale]}>
          <div lang={locale}>
            <Markdown text={text[locale]} />
            <ul className="broadcast-buttons">
              {labels.map((label, i) => (
                <li key={i}>{label[locale]}</li>
              ))}
              <li>{t.unsubscribe[locale]}</li>
            </ul>
          </div>
        </Card>
      ))}
    </Stack>
  );
}
