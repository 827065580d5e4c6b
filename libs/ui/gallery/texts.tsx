import { Card, CodeBlock, CodeLine, Diff, Facts, Grid, Moment, Page, SecretField } from '../src';
import { useGalleryTexts } from './gallery.texts';

const before = `You are Lumen, a calm companion who helps people to sleep.

Speak in short sentences. Never give medical advice.
When somebody is in danger, name the emergency number.

Offer a breathing exercise when it fits.
End with a question.
Use the person's name.
Do not use emoji.
Answer in the language of the person.
Keep answers under 120 words.
Ask before you send a long practice.`;
const after = before
  .replace('short sentences', 'short, warm sentences')
  .replace('End with a question.\n', '')
  .concat('\nSay that you are a program when you are asked.');

export function Texts() {
  const t = useGalleryTexts();
  return (
    <Page title={t.sections.texts} about={t.about}>
      <Card title="Diff" flush>
        <Diff label="Diff" before={before} after={after} />
      </Card>
      <Grid min={340}>
        <Card title="Code">
          <CodeBlock label="JSON" text={JSON.stringify({ bot: 'lumen', budgets: { personPerDayUsd: 0.5 } }, null, 2)} />
          <SecretField
            label="API key"
            secret="sb_live_4mKz7Qw1pXyT_0QmVw3rT9sLk2pXz7YbN4cHd8GfJ1aE5_k3Pz9Q"
            fileName="key.txt"
          />
        </Card>
        <Card title="Facts">
          <Facts
            facts={[
              [t.name, 'Philippa Long'],
              ['Id', <CodeLine key="id" text="019ab3c2-7d1e-7c44-9a31-5e2f8b0c1d22" />],
              [t.lastSeen, <Moment key="at" at="2026-11-27T03:12:44Z" />],
              [t.state, undefined],
            ]}
          />
        </Card>
      </Grid>
    </Page>
  );
}
