import {
  type BotAdapterChannelReport,
  gatewayBotChannelsCheck,
  gatewayBotDraftsCheck,
  gatewayBotsCreate,
} from '@switchboard/api-client';
import {
  Badge,
  Button,
  FieldRow,
  Form,
  FormProblem,
  FormValues,
  notify,
  Page,
  ProblemLine,
  RadioGroup,
  Row,
  SkeletonLines,
  Stepper,
  SubmitButton,
  TextArea,
  TextField,
  useForm,
  useKitTexts,
  useLanguage,
} from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { CircleAlert, CircleCheck } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { refresh } from '../http/api';
import { zone } from '../period/days';
import { BudgetFields, budgetsIn } from './budget-fields';
import { useBotTexts } from './bots.texts';
import { useNewBotTexts } from './new-bot.texts';
import './bots.css';
import type { KnownDescription } from './description';

interface Draft {
  id: string;
  place: 'telegram' | 'sandbox';
  token: string;
  description: KnownDescription;
}

const order = ['channel', 'who', 'assistant', 'limits', 'done'] as const;
type StepId = (typeof order)[number];

/** From a token to a living bot in five steps; nothing is saved before the last one. */
export function NewBotPage() {
  const t = useNewBotTexts();
  const botTexts = useBotTexts();
  const { language } = useLanguage();
  const [at, setAt] = useState<StepId>('channel');
  const [draft, setDraft] = useState<Draft>({
    id: '',
    place: 'telegram',
    token: '',
    description: {
      channel: { kind: 'telegram' },
      timeZone: zone,
      languages: [language, ...(language === 'ru' ? ['en'] : [])],
      budgets: { personPerDayUsd: 0.5, botPerMonthUsd: 100, speech: { personPerDayUsd: 0.2, botPerMonthUsd: 20 } },
      assistant: { systemPrompt: t.promptStart },
    },
  });
  const go = (next: Draft) => {
    setDraft(next);
    setAt(order[order.indexOf(at) + 1] ?? 'done');
  };
  const back = () => setAt(order[order.indexOf(at) - 1] ?? 'channel');
  const step = { draft, onNext: go, onBack: back };
  return (
    <Page title={t.title} way={[{ title: botTexts.title, href: '/console/bots' }]} width="narrow">
      <Stepper
        label={t.title}
        steps={order.map((id) => ({ id, title: t.steps[id] }))}
        current={at}
        onGo={(id) => setAt(id as StepId)}
      >
        {at === 'channel' && <ChannelStep {...step} />}
        {at === 'who' && <WhoStep {...step} />}
        {at === 'assistant' && <AssistantStep {...step} />}
        {at === 'limits' && <LimitsStep {...step} />}
        {at === 'done' && <LastStep {...step} onGo={setAt} />}
      </Stepper>
    </Page>
  );
}

interface StepProps {
  draft: Draft;
  onNext: (draft: Draft) => void;
  onBack: () => void;
}

function ChannelStep({ draft, onNext }: StepProps) {
  const t = useNewBotTexts();
  const { language } = useLanguage();
  const [place, setPlace] = useState(draft.place);
  const [report, setReport] = useState<BotAdapterChannelReport>();
  /** What goes on when whoever makes the bot has read the warnings. */
  const [warned, setWarned] = useState<Draft>();
  const form = useForm({
    send: async (values) => {
      const token = values.text('token');
      const username = values.optional('username')?.replace(/^@/, '');
      const channel = { kind: 'telegram', ...(place === 'sandbox' && { apiRoot: 'sandbox', username }) };
      // The bot has no id yet; what is asked is whose token it is.
      const body = { botId: draft.id || 'draft', channel, secrets: { 'channel.token': token } };
      const { data } = await gatewayBotChannelsCheck({ body });
      return { data, next: { ...draft, place, token, description: { ...draft.description, channel } } };
    },
    done: ({ data, next }) => {
      setReport(data);
      setWarned(undefined);
      if (data.findings.some(({ severity }) => severity === 'error')) return;
      const { name = next.description.name, username } = data.account ?? {};
      const checked = {
        ...next,
        id: next.id || idFrom(username ?? name ?? ''),
        description: { ...next.description, name },
      };
      if (data.findings.some(({ severity }) => severity === 'warning')) setWarned(checked);
      else onNext(checked);
    },
  });
  // What was found is of another token.
  const forget = () => {
    setReport(undefined);
    setWarned(undefined);
  };
  return (
    <Form form={form}>
      <FormProblem form={form} />
      <RadioGroup
        label={t.place}
        cards
        value={place}
        onChange={(id) => {
          setPlace(id as Draft['place']);
          forget();
        }}
        choices={[
          { id: 'telegram', label: t.places.telegram, hint: t.places.telegramHint },
          { id: 'sandbox', label: t.places.sandbox, hint: t.places.sandboxHint },
        ]}
      />
      <TextField
        name="token"
        label={t.token}
        hint={place === 'sandbox' ? t.sandboxToken : t.tokenHint}
        defaultValue={draft.token}
        onChange={forget}
        autoComplete="off"
        mono
        isRequired
      />
      {place === 'sandbox' && (
        <TextField
          name="username"
          label={t.username}
          hint={t.usernameHint}
          defaultValue={draft.description.channel?.username ?? ''}
          onChange={forget}
          placeholder="books_sandbox_bot"
          isRequired
        />
      )}
      {report && (
        <ul className="findings">
          {report.findings.map(({ code, severity, detail }) => (
            <Finding key={code} severity={severity}>
              {detail[language]}
            </Finding>
          ))}
          {!report.account && report.findings.length === 0 && <Finding severity="error">{t.noAccount}</Finding>}
        </ul>
      )}
      <Row>
        <SubmitButton form={form} look={warned ? 'plain' : 'primary'}>
          {t.check}
        </SubmitButton>
        {warned && (
          <Button look="primary" onPress={() => onNext(warned)}>
            {t.allTheSame}
          </Button>
        )}
      </Row>
    </Form>
  );
}

const Finding = ({ severity, children }: { severity: string; children: ReactNode }) => (
  <li data-severity={severity}>
    {severity === 'info' ? <CircleCheck aria-hidden /> : <CircleAlert aria-hidden />}
    <span>{children}</span>
  </li>
);

function WhoStep({ draft, onNext, onBack }: StepProps) {
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

function AssistantStep({ draft, onNext, onBack }: StepProps) {
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

function LimitsStep({ draft, onNext, onBack }: StepProps) {
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

/** All services look at the whole of it; then it is made. */
function LastStep({ draft, onBack, onGo }: StepProps & { onGo: (step: StepId) => void }) {
  const t = useNewBotTexts();
  const botTexts = useBotTexts();
  const kit = useKitTexts();
  const { language } = useLanguage();
  const navigate = useNavigate();
  const body = { id: draft.id, description: { ...draft.description }, secrets: { 'channel.token': draft.token } };
  const check = useQuery({
    queryKey: ['bot draft', body],
    queryFn: async () => (await gatewayBotDraftsCheck({ body })).data,
    staleTime: 0,
  });
  const form = useForm({
    send: (_, key) => gatewayBotsCreate({ body, headers: { 'Idempotency-Key': key } }),
    done: () => {
      void refresh('gatewayBots');
      notify({ text: t.created(draft.description.name ?? draft.id) });
      void navigate({ to: '/console/bots/$botId', params: { botId: draft.id } });
    },
  });
  const { data, error } = check;
  const isFine = data && data.errors.length === 0 && data.unchecked.length === 0;
  return (
    <Form form={form}>
      <p className="soft">{t.creating}</p>
      {error && <ProblemLine error={error} />}
      <FormProblem form={form} />
      {!data && !error && <SkeletonLines label={kit.loading} />}
      {data && (
        <ul className="findings">
          {isFine && <Finding severity="info">{t.fine}</Finding>}
          {data.errors.map(({ pointer, detail }) => (
            <li key={`${pointer} ${detail.en}`} data-severity="error">
              <CircleAlert aria-hidden />
              <span>
                <code>{pointer.replace(/^\//, '').replaceAll('/', '.')}</code> {detail[language]}
              </span>
              <Button size="small" onPress={() => onGo(stepOf(pointer))}>
                {t.toFix}
              </Button>
            </li>
          ))}
          {data.unchecked.length > 0 && <Finding severity="warning">{t.unchecked(data.unchecked.join(', '))}</Finding>}
        </ul>
      )}
      <dl className="summary">
        <div>
          <dt>{botTexts.name}</dt>
          <dd>
            {draft.description.name} <code>{draft.id}</code>
          </dd>
        </div>
        <div>
          <dt>{botTexts.channel}</dt>
          <dd>
            <Badge>{t.places[draft.place]}</Badge>
          </dd>
        </div>
        <div>
          <dt>{t.prompt}</dt>
          <dd>{draft.description.assistant?.systemPrompt}</dd>
        </div>
      </dl>
      <Row>
        <Button onPress={onBack}>{kit.steps.back}</Button>
        <SubmitButton form={form} isDisabled={!isFine}>
          {t.create}
        </SubmitButton>
      </Row>
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

/** In which step a field stands. */
function stepOf(pointer: string): StepId {
  if (/channel/.test(pointer)) return 'channel';
  if (/assistant/.test(pointer)) return 'assistant';
  return /budgets/.test(pointer) ? 'limits' : 'who';
}

/** `Northwind Support` → `northwind-support`; what is no Latin letter is left out. */
const idFrom = (name: string): string =>
  name
    .toLowerCase()
    .replace(/_?bot$/, '')
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^[-\d]+|-+$/g, '')
    .slice(0, 41);
