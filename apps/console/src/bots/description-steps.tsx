import {
  Button,
  FieldRow,
  Form,
  FormProblem,
  FormValues,
  Row,
  SubmitButton,
  TextArea,
  TextField,
  useForm,
  useKitTexts,
  useLanguage,
} from '@switchboard/ui';
import { useState } from 'react';
import { queryClient } from '../http/api';
import { everyBot } from './bots.api';
import { BudgetFields, budgetsIn } from './budget-fields';
import { useBotTexts } from './bots.texts';
import { useNewBotTexts } from './new-bot.texts';
import { checkStep, idFrom, type StepProps, wrongFields } from './new-bot-draft';

export function WhoStep({ draft, onNext, onBack }: StepProps) {
  const t = useNewBotTexts();
  const botTexts = useBotTexts();
  const { language } = useLanguage();
  const [id, setId] = useState(draft.id);
  const form = useForm({
    send: async (values) => {
      const others = await queryClient.fetchQuery(everyBot()).catch(() => undefined);
      if (others?.data.some((other) => other.id === id))
        throw wrongFields([{ pointer: '/id', code: 'taken', detail: t.idTaken }]);
      const languages = values.text('description.languages').split(/[\s,]+/);
      const description = {
        ...draft.description,
        name: values.text('description.name'),
        languages: languages.some(Boolean) ? languages.filter(Boolean) : undefined,
        timeZone: values.optional('description.timeZone'),
      };
      return checkStep({ ...draft, id, description }, 'who', language);
    },
    done: onNext,
  });
  return (
    <Form form={form}>
      <FormProblem form={form} />
      <TextField
        name="description.name"
        label={botTexts.name}
        defaultValue={draft.description.name ?? ''}
        onChange={(name) => !draft.id && setId(idFrom(name))}
        maxLength={64}
        autoFocus
        isRequired
      />
      <TextField
        name="id"
        label={t.id}
        hint={t.idHint}
        value={id}
        onChange={setId}
        pattern="[a-z][a-z0-9\-]{1,40}"
        mono
        isRequired
      />
      <FieldRow>
        <TextField
          name="description.languages"
          label={botTexts.settings.languages}
          hint={botTexts.settings.languagesHint}
          defaultValue={draft.description.languages?.join(', ')}
        />
        <TextField
          name="description.timeZone"
          label={botTexts.settings.timeZone}
          hint={botTexts.settings.timeZoneHint}
          defaultValue={draft.description.timeZone}
        />
      </FieldRow>
      <Steps form={form} onBack={onBack} />
    </Form>
  );
}

export function AssistantStep({ draft, onNext, onBack }: StepProps) {
  const t = useNewBotTexts();
  const botTexts = useBotTexts();
  const { language } = useLanguage();
  const { assistant = {} } = draft.description;
  const form = useForm({
    send: (values) => {
      const systemPrompt = values.text('description.assistant.systemPrompt');
      const model = values.optional('description.assistant.model');
      const description = { ...draft.description, assistant: { ...assistant, systemPrompt, model } };
      return checkStep({ ...draft, description }, 'assistant', language);
    },
    done: onNext,
  });
  return (
    <Form form={form}>
      <FormProblem form={form} />
      <TextArea
        name="description.assistant.systemPrompt"
        label={t.prompt}
        hint={t.promptHint}
        defaultValue={assistant.systemPrompt}
        rows={8}
        maxLength={20_000}
        autoFocus
        isRequired
      />
      <TextField
        name="description.assistant.model"
        label={botTexts.settings.model}
        hint={botTexts.settings.modelHint}
        defaultValue={assistant.model ?? ''}
        optional
      />
      <Steps form={form} onBack={onBack} />
    </Form>
  );
}

export function LimitsStep({ draft, onNext, onBack }: StepProps) {
  const t = useNewBotTexts();
  const botTexts = useBotTexts();
  const { language } = useLanguage();
  const form = useForm({
    send: (values: FormValues) =>
      checkStep({ ...draft, description: { ...draft.description, budgets: budgetsIn(values) } }, 'limits', language),
    done: onNext,
  });
  return (
    <Form form={form}>
      <FormProblem form={form} />
      <p className="soft">
        {t.dollars} {botTexts.settings.budgetsHint}
      </p>
      <FieldRow>
        <BudgetFields budgets={draft.description.budgets ?? {}} />
      </FieldRow>
      <Steps form={form} onBack={onBack} />
    </Form>
  );
}

function Steps({ form, onBack }: { form: ReturnType<typeof useForm>; onBack: () => void }) {
  const kit = useKitTexts();
  return (
    <Row>
      <Button onPress={onBack}>{kit.steps.back}</Button>
      <SubmitButton form={form}>{kit.steps.next}</SubmitButton>
    </Row>
  );
}
