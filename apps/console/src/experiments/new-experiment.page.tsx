import {
  type AnalyticsExperiment,
  analyticsExperimentsChange,
  analyticsExperimentsDraft,
  analyticsExperimentsReadOptions,
  chatAiPromptVersionsListOptions,
} from '@switchboard/api-client';
import {
  ButtonLink,
  Card,
  Checkbox,
  CheckboxGroup,
  ComboBox,
  Form,
  FormProblem,
  Page,
  ProblemState,
  RadioGroup,
  Select,
  SkeletonLines,
  SubmitButton,
  TextArea,
  TextField,
  notify,
  useForm,
  useKitTexts,
} from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { etagOf, refresh } from '../http/api';
import { useBots } from '../bots/bots.api';
import { useStaff } from '../session';
import { useExperimentTexts } from './experiments.texts';
import {
  armKeyOf,
  evenWeights,
  guardrailOf,
  guardrails,
  isShare,
  type MetricId,
  metricOf,
  primaries,
  promptBotOf,
} from './metrics';
import { ArmFields } from './arm-fields';
import { SizeFields } from './size-fields';
import './experiments.css';

const kinds = ['comparison', 'bandit'] as const;

/** Drafts an experiment with prompts, or changes a draft. */
export function NewExperimentPage() {
  const t = useExperimentTexts();
  const kit = useKitTexts();
  const search = useSearch({ from: '/console/experiments/new' });
  const { data, error, refetch, isFetchedAfterMount } = useQuery({
    ...analyticsExperimentsReadOptions({ path: { experimentId: search.draft ?? '' } }),
    enabled: search.draft !== undefined,
    // The form begins with the draft as it is now, not as it was seen last.
    refetchOnMount: 'always',
  });
  const isKnown = search.draft === undefined || (data !== undefined && isFetchedAfterMount);
  return (
    <Page
      title={data?.key ?? t.new}
      about={t.about}
      way={[{ title: t.title, href: '/console/experiments' }]}
      width="narrow"
    >
      {error && !data && <ProblemState error={error} retry={() => void refetch()} />}
      {!isKnown && !error && <SkeletonLines lines={8} label={kit.loading} />}
      {isKnown && <ExperimentForm key={search.draft} draft={data} bot={search.bot} />}
    </Page>
  );
}

function ExperimentForm({ draft: latest, bot }: { draft?: AnalyticsExperiment; bot?: string }) {
  // What somebody else writes meanwhile is not in the fields: saving over it is refused by the revision that they began with.
  const [draft] = useState(latest);
  const t = useExperimentTexts();
  const kit = useKitTexts();
  const navigate = useNavigate();
  const staff = useStaff();
  const bots = useBots().filter(({ id }) => staff.can('experiments:write', id));
  const [botId, setBotId] = useState((draft && promptBotOf(draft.place)) ?? bot);
  const [arms, setArms] = useState<readonly (string | undefined)[]>(
    draft?.arms.map(({ value }) => value) ?? [undefined, undefined],
  );
  const [primary, setPrimary] = useState<MetricId>(primaries.find((id) => id === draft?.primary?.key) ?? primaries[0]!);
  const [effect, setEffect] = useState((draft?.minimalEffect ?? 0.1) * 100);
  const versions = useQuery({
    ...chatAiPromptVersionsListOptions({ path: { botId: botId ?? '' }, query: { limit: 100 } }),
    enabled: botId !== undefined,
  });
  const known = versions.data?.data ?? [];
  const inForce = known.find(({ isInForce }) => isInForce);
  const versionOf = (i: number) => known.find(({ id }) => id === (arms[i] ?? (i === 0 ? inForce?.id : undefined)));
  const form = useForm({
    send: async (values, key) => {
      const weights = evenWeights(arms.length);
      const guarded = values.list('guardrails');
      const weeks = values.number('weeks');
      const body = {
        kind: kinds.find((kind) => kind === values.text('kind')) ?? 'comparison',
        place: `chat-ai.prompt:${botId}`,
        botId: botId ?? null,
        arms: arms.flatMap((_, i) => {
          const version = versionOf(i);
          return version ? [{ key: armKeyOf(version, i === 0), weight: weights[i]!, value: version.id }] : [];
        }),
        coverage: Math.round((values.number('coverage') ?? 1) * 10_000),
        automaticRollback: values.flag('automaticRollback'),
        hypothesis: values.text('hypothesis') || null,
        primary: metricOf(primary),
        guardrails: guardrails.filter((id) => guarded.includes(id) && id !== primary).map(guardrailOf),
        minimalEffect: effect / 100,
        plannedPersons: values.number('plannedPersons') ?? null,
        days: weeks === undefined ? null : weeks * 7,
      };
      const { data } = draft
        ? await analyticsExperimentsChange({
            path: { experimentId: draft.id },
            headers: { 'If-Match': etagOf(draft.revision) },
            body,
          })
        : await analyticsExperimentsDraft({
            headers: { 'Idempotency-Key': key },
            body: { ...body, key: values.text('key') },
          });
      return data;
    },
    done: ({ id }) => {
      notify({ text: t.saved });
      void refresh('analyticsExperiments');
      void navigate({ to: '/console/experiments/$experimentId', params: { experimentId: id } });
    },
  });
  const isIncomplete = !botId || arms.some((_, i) => !versionOf(i));
  return (
    <Form form={form}>
      <FormProblem form={form} />
      <Card>
        <ComboBox
          label={t.bot}
          required
          value={botId ?? null}
          disabled={draft !== undefined}
          onChange={(id) => {
            setBotId(id);
            setArms([undefined, undefined]);
          }}
          choices={bots.map(({ id, name }) => ({ id, label: name, about: id }))}
        />
        {!draft && <TextField name="key" label={t.key} hint={t.keyHint} pattern="[a-z][a-z0-9\-]+" isRequired mono />}
        <TextArea
          name="hypothesis"
          label={t.hypothesis}
          hint={t.hypothesisHint}
          defaultValue={draft?.hypothesis ?? ''}
          rows={2}
        />
      </Card>
      {botId && (
        <Card title={t.subject} about={t.subjectAbout}>
          {versions.error ? (
            <ProblemState error={versions.error} retry={() => void versions.refetch()} />
          ) : !versions.data ? (
            <SkeletonLines lines={3} label={kit.loading} />
          ) : known.length < 2 ? (
            <>
              <p className="soft">{t.noVersions}</p>
              <div>
                <ButtonLink href={`/console/prompts/${botId}`}>{t.toPrompt}</ButtonLink>
              </div>
            </>
          ) : (
            <ArmFields versions={known} arms={arms.map((_, i) => versionOf(i)?.id)} onChange={setArms} />
          )}
          <RadioGroup
            name="kind"
            label={t.kind}
            defaultValue={draft?.kind ?? 'comparison'}
            cards
            choices={kinds.map((id) => ({ id, label: t.kinds[id], hint: t.kindHints[id] }))}
          />
        </Card>
      )}
      <Card title={t.measured}>
        <Select
          label={t.primary}
          hint={t.primaryAbout}
          value={primary}
          onChange={(id) => setPrimary(primaries.find((one) => one === id) ?? primary)}
          choices={primaries.map((id) => ({ id, label: t.metrics[id] }))}
        />
        <CheckboxGroup
          name="guardrails"
          label={t.guardrails}
          hint={t.guardrailsHint}
          optional
          defaultValue={draft?.guardrails.map(({ key }) => key) ?? ['disliked', 'failures']}
          choices={guardrails.filter((id) => id !== primary).map((id) => ({ id, label: t.metrics[id] }))}
        />
        <Checkbox name="automaticRollback" defaultSelected={draft?.automaticRollback ?? true}>
          {t.rollback}
        </Checkbox>
      </Card>
      <Card title={t.size}>
        <SizeFields draft={draft} isShare={isShare(primary)} arms={arms.length} effect={effect} onEffect={setEffect} />
      </Card>
      <div className="save-bar">
        <ButtonLink href="/console/experiments">{kit.cancel}</ButtonLink>
        {isIncomplete && <span className="soft">{t.incomplete}</span>}
        <SubmitButton form={form} isDisabled={isIncomplete}>
          {t.save}
        </SubmitButton>
      </div>
    </Form>
  );
}
