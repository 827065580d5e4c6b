import { gatewayBotsEdit, type GatewayBot } from '@switchboard/api-client';
import {
  Card,
  Checkbox,
  Columns,
  FieldRow,
  Form,
  type FormValues,
  notify,
  NumberField,
  SubmitButton,
  TextField,
  useForm,
} from '@switchboard/ui';
import { Suspense, useState } from 'react';
import { etagOf, refresh } from '../http/api';
import { type Kept, KeptRow, KeptRowProblem } from '../kept-row/kept-row';
import { lazyPart } from '../lazy-part';
import { BudgetFields, budgetsIn } from './budget-fields';
import { useBotTexts } from './bots.texts';
import { known, type KnownDescription, patchOf } from './description';

const OpeningHoursFields = lazyPart(() => import('./opening-hours'), 'OpeningHoursFields');

/** What most people change of a bot, as forms. */
export const BotSettings = ({ bot, mayWrite }: { bot: GatewayBot; mayWrite: boolean }) => (
  <KeptRow latest={bot} readAnew={() => refresh('gatewayBot')}>
    {(row, kept) => <SettingsForm bot={row} kept={kept} mayWrite={mayWrite} />}
  </KeptRow>
);

function SettingsForm({ bot, kept, mayWrite }: { bot: GatewayBot; kept: Kept<GatewayBot>; mayWrite: boolean }) {
  const t = useBotTexts();
  const description = known(bot.description);
  const { assistant = {}, budgets = {} } = description;
  const [hours, setHours] = useState(description.hours);
  const form = useForm({
    send: async (values) => {
      const after = { ...bot.description, ...readSettings(values, description), hours };
      const patch = patchOf(bot.description, after);
      // Days that were closed again are left out and not null, so that the week is replaced whole.
      const sections = 'hours' in patch ? { hours: hours ?? null } : undefined;
      delete patch['hours'];
      const { data } = await gatewayBotsEdit({
        path: { botId: bot.id },
        headers: { 'If-Match': etagOf(bot.revision) },
        body: { patch, sections },
      });
      return data;
    },
    done: (saved) => {
      notify({ text: t.saved });
      void kept.goOn(saved);
    },
  });
  return (
    <Form form={form}>
      <KeptRowProblem form={form} kept={kept} more={hours} />
      <Columns
        main={
          <>
            <Card title={t.settings.who}>
              <TextField
                name="description.name"
                label={t.name}
                defaultValue={bot.name}
                isDisabled={!mayWrite}
                maxLength={64}
                isRequired
              />
              <FieldRow>
                <TextField
                  name="description.languages"
                  label={t.settings.languages}
                  hint={t.settings.languagesHint}
                  defaultValue={description.languages?.join(', ') ?? ''}
                  isDisabled={!mayWrite}
                  optional
                />
                <TextField
                  name="description.timeZone"
                  label={t.settings.timeZone}
                  hint={t.settings.timeZoneHint}
                  defaultValue={description.timeZone ?? 'UTC'}
                  isDisabled={!mayWrite}
                />
              </FieldRow>
              <TextField
                name="description.products"
                label={t.settings.products}
                hint={t.settings.productsHint}
                defaultValue={(description.products ?? ['assistant']).join(', ')}
                isDisabled={!mayWrite}
              />
              <Checkbox name="voice" defaultSelected={description.voice?.mode === 'also'} isDisabled={!mayWrite}>
                {t.settings.voice}
              </Checkbox>
            </Card>
            <Card title={t.settings.assistant} about={t.settings.promptNote}>
              <FieldRow>
                <TextField
                  name="description.assistant.model"
                  label={t.settings.model}
                  hint={t.settings.modelHint}
                  defaultValue={assistant.model ?? ''}
                  isDisabled={!mayWrite}
                  optional
                />
                <NumberField
                  name="description.assistant.parameters.temperature"
                  label={t.settings.temperature}
                  defaultValue={assistant.parameters?.temperature}
                  minValue={0}
                  maxValue={2}
                  step={0.1}
                  isDisabled={!mayWrite}
                  optional
                />
              </FieldRow>
              <FieldRow>
                <NumberField
                  name="description.assistant.maxOutputTokens"
                  label={t.settings.maxOutput}
                  defaultValue={assistant.maxOutputTokens}
                  minValue={16}
                  isDisabled={!mayWrite}
                  optional
                />
                <TextField
                  name="description.assistant.knowledge"
                  label={t.settings.folder}
                  hint={t.settings.folderHint}
                  defaultValue={assistant.knowledge ?? ''}
                  isDisabled={!mayWrite}
                  optional
                />
              </FieldRow>
            </Card>
          </>
        }
        side={
          <>
            <Card title={t.settings.budgets} about={t.settings.budgetsHint}>
              <BudgetFields budgets={budgets} disabled={!mayWrite} />
            </Card>
            <Card title={t.settings.hours} about={t.settings.hoursAbout}>
              <Suspense>
                <OpeningHoursFields hours={hours} onChange={setHours} disabled={!mayWrite} />
              </Suspense>
            </Card>
          </>
        }
      />
      {mayWrite && (
        <div className="save-bar">
          <SubmitButton form={form}>{t.save}</SubmitButton>
        </div>
      )}
    </Form>
  );
}

const words = (text: string): string[] =>
  text
    .split(/[\s,;]+/)
    .map((word) => word.trim())
    .filter(Boolean);

/** The fields of the form over the description as it was: what no form shows stays. */
function readSettings(values: FormValues, before: KnownDescription): KnownDescription {
  const languages = words(values.text('description.languages'));
  const temperature = values.number('description.assistant.parameters.temperature');
  const { parameters: _, ...assistant } = before.assistant ?? {};
  const parameters = { ...before.assistant?.parameters, temperature };
  const mode = values.flag('voice') ? 'also' : 'off';
  return {
    name: values.text('description.name'),
    languages: languages.length > 0 ? languages : undefined,
    timeZone: values.optional('description.timeZone'),
    products: words(values.text('description.products')),
    voice: before.voice || mode === 'also' ? { ...before.voice, mode } : undefined,
    budgets: budgetsIn(values, before.budgets),
    assistant: clean({
      ...assistant,
      ...(clean(parameters) && { parameters }),
      model: values.optional('description.assistant.model'),
      maxOutputTokens: values.number('description.assistant.maxOutputTokens'),
      knowledge: values.optional('description.assistant.knowledge'),
    }),
  };
}

/** `undefined` when nothing is left of it. */
function clean<T extends object>(value: T): T | undefined {
  return Object.values(value).some((one) => one !== undefined) ? value : undefined;
}
