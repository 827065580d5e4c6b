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
} from '@switchboard/ui';
import { useState } from 'react';
import { BudgetFields, budgetsIn } from './budget-fields';
import { useBotTexts } from './bots.texts';
import { useNewBotTexts } from './new-bot.texts';
import { idFrom, type StepProps } from './new-bot-draft';

export function WhoStep({ draft, onNext, onBack }: StepProps) {
  const t = useNewBotTexts();
  const botTexts = useBotTexts();
  const [id, setId] = useState(draft.id);
  const form = useForm({
    send: (values) =>
      Promise.resolve({
        ...draft,
        id,
        description: {
          ...draft.description,
          name: values.text('name'),
          languages: values
            .text('languages')
            .split(/[\s,]+/)
            .filter(Boolean),
          timeZone: values.text('timeZone'),
        },
      }),
    done: onNext,
  });
  return (
    <Form form={form}>
      <FormProblem form={form} />
      <TextField
        name="name"
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
          name="languages"
          label={botTexts.settings.languages}
          hint={botTexts.settings.languagesHint}
          defaultValue={draft.description.languages?.join(', ')}
        />
        <TextField
          name="timeZone"
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
  const { assistant = {} } = draft.description;
  const form = useForm({
    send: (values) => {
      const now = { ...assistant, systemPrompt: values.text('prompt'), model: values.optional('model') };
      return Promise.resolve({ ...draft, description: { ...draft.description, assistant: now } });
    },
    done: onNext,
  });
  return (
    <Form form={form}>
      <TextArea
        name="prompt"
        label={t.prompt}
        hint={t.promptHint}
        defaultValue={assistant.systemPrompt}
        rows={8}
        maxLength={20_000}
        autoFocus
        isRequired
      />
      <TextField
        name="model"
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
  const form = useForm({
    send: (values: FormValues) =>
      Promise.resolve({ ...draft, description: { ...draft.description, budgets: budgetsIn(values) } }),
    done: onNext,
  });
  return (
    <Form form={form}>
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
