import { gatewayBotsEdit, type GatewayBot } from '@switchboard/api-client';
import { Card, Form, notify, SubmitButton, TextArea, TextField, useForm } from '@switchboard/ui';
import { etagOf, refresh } from '../http/api';
import { type Kept, KeptRow, KeptRowProblem } from '../kept-row/kept-row';
import { useBotTexts } from './bots.texts';
import { patchOf } from './description';

/** The whole description, for what no form shows. */
export const BotJson = ({ bot, mayWrite }: { bot: GatewayBot; mayWrite: boolean }) => (
  <KeptRow latest={bot} readAnew={() => refresh('gatewayBot')}>
    {(row, kept) => <JsonForm bot={row} kept={kept} mayWrite={mayWrite} />}
  </KeptRow>
);

function JsonForm({ bot, kept, mayWrite }: { bot: GatewayBot; kept: Kept<GatewayBot>; mayWrite: boolean }) {
  const t = useBotTexts();
  const text = JSON.stringify(bot.description, null, 2);
  const form = useForm({
    send: async (values) => {
      const after = parse(values.exact('json'), t.json.broken);
      const { data } = await gatewayBotsEdit({
        path: { botId: bot.id },
        headers: { 'If-Match': etagOf(bot.revision) },
        body: { patch: patchOf(bot.description, after), why: values.optional('why') },
      });
      return data;
    },
    done: (saved) => {
      notify({ text: t.saved });
      void kept.goOn(saved);
    },
  });
  return (
    <Card title={t.tabs.json} about={t.json.about}>
      <Form form={form}>
        <KeptRowProblem form={form} kept={kept} />
        <TextArea
          name="json"
          label={t.json.label}
          defaultValue={text}
          mono
          rows={18}
          isReadOnly={!mayWrite}
          hideLabel
        />
        {mayWrite && (
          <>
            <TextField name="why" label={t.why} hint={t.whyHint} optional />
            <div className="ui-form-actions">
              <SubmitButton form={form}>{t.save}</SubmitButton>
            </div>
          </>
        )}
      </Form>
    </Card>
  );
}

/** @throws a problem at the field, when it is none */
function parse(text: string, sentence: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Told below, as for what is no object.
  }
  const errors = [{ pointer: '/json', code: 'custom', detail: sentence }];
  throw Object.assign(new Error(sentence), { title: sentence, status: 422, code: 'not_json', errors });
}
