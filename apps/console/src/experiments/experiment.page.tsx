import {
  type AnalyticsExperiment,
  analyticsExperimentsDecide,
  analyticsExperimentsReadOptions,
  analyticsExperimentsRemove,
  analyticsExperimentsResultsOptions,
  analyticsExperimentsStart,
} from '@switchboard/api-client';
import {
  Button,
  ButtonLink,
  Card,
  Columns,
  Dialog,
  DialogActions,
  DialogBody,
  Empty,
  Facts,
  Form,
  FormProblem,
  Moment,
  notify,
  Page,
  ProblemState,
  Select,
  SkeletonLines,
  SubmitButton,
  TextArea,
  useConfirm,
  useForm,
  useFormats,
  useKitTexts,
  wordOf,
} from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { FlaskConical, Gavel, Pencil, Play, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { etagOf, refresh, tellProblem } from '../http/api';
import { BotName } from '../bots/bot-parts';
import { PendingPage } from '../pending-page';
import { useStaffNames } from '../staff-names/staff-names';
import { Advice, Health, MetricResults, Segments } from './experiment-results';
import { ExperimentState } from './experiments.page';
import { useExperimentTexts } from './experiments.texts';
import { useMayCompare } from './may-compare';
import { labelOf } from './metrics';
import './experiments.css';

const RENEWED_EVERY_MS = 60_000;

export function ExperimentPage() {
  const t = useExperimentTexts();
  const { experimentId } = useParams({ from: '/console/experiments/$experimentId' });
  const { data, error, refetch } = useQuery(analyticsExperimentsReadOptions({ path: { experimentId } }));
  if (data) return <KnownExperiment experiment={data} />;
  return (
    <PendingPage
      title={t.name}
      way={[{ title: t.title, href: '/console/experiments' }]}
      error={error}
      refetch={refetch}
    />
  );
}

function KnownExperiment({ experiment }: { experiment: AnalyticsExperiment }) {
  const t = useExperimentTexts();
  const confirm = useConfirm();
  const navigate = useNavigate();
  const { id, key, state, hypothesis, revision } = experiment;
  const mayWrite = useMayCompare()(experiment);
  const [deciding, setDeciding] = useState(false);
  const path = { experimentId: id };
  const headers = { 'If-Match': etagOf(revision) };
  const start = async () => {
    if ((await confirm({ title: t.startTitle(key), text: t.startText, action: t.start })) === undefined) return;
    await analyticsExperimentsStart({ path, headers })
      .then(() => notify({ text: t.startedNow }))
      .catch(tellProblem);
    await refresh('analyticsExperiments');
  };
  const remove = async () => {
    const question = { title: t.removeTitle(key), text: t.removeText, action: t.remove, look: 'danger' as const };
    if ((await confirm(question)) === undefined) return;
    try {
      await analyticsExperimentsRemove({ path });
      notify({ text: t.removed });
      await navigate({ to: '/console/experiments' });
      await refresh('analyticsExperimentsList');
    } catch (error) {
      tellProblem(error);
    }
  };
  return (
    <Page
      title={key}
      way={[{ title: t.title, href: '/console/experiments' }]}
      about={hypothesis}
      aside={<ExperimentState state={state} />}
      actions={
        mayWrite && (
          <>
            {state === 'draft' && (
              <>
                <Button look="danger-quiet" icon={<Trash2 />} onPress={() => void remove()}>
                  {t.remove}
                </Button>
                <ButtonLink icon={<Pencil />} href={`/console/experiments/new?draft=${id}`}>
                  {t.change}
                </ButtonLink>
                <Button look="primary" icon={<Play />} onPress={() => void start()}>
                  {t.start}
                </Button>
              </>
            )}
            {state === 'running' && (
              <Button look="primary" icon={<Gavel />} onPress={() => setDeciding(true)}>
                {t.decide}
              </Button>
            )}
          </>
        )
      }
    >
      <Columns
        main={
          state === 'draft' ? (
            <Card flush>
              <Empty icon={<FlaskConical />} title={t.notStarted}>
                {t.notStartedText}
              </Empty>
            </Card>
          ) : (
            <Results experiment={experiment} />
          )
        }
        side={<Plan experiment={experiment} />}
      />
      {deciding && <DecideDialog experiment={experiment} onClose={() => setDeciding(false)} />}
    </Page>
  );
}

function Results({ experiment }: { experiment: AnalyticsExperiment }) {
  const t = useExperimentTexts();
  const kit = useKitTexts();
  const { data, error, refetch } = useQuery({
    ...analyticsExperimentsResultsOptions({ path: { experimentId: experiment.id } }),
    refetchInterval: experiment.state === 'running' ? RENEWED_EVERY_MS : false,
  });
  if (error && !data) return <ProblemState error={error} retry={() => void refetch()} />;
  if (!data) {
    return (
      <Card>
        <SkeletonLines lines={8} label={kit.loading} />
      </Card>
    );
  }
  if (!data.computedAt) {
    return (
      <Card flush>
        <Empty icon={<FlaskConical />} title={t.noResults}>
          {t.noResultsText}
        </Empty>
      </Card>
    );
  }
  return (
    <>
      <Advice results={data} />
      <Health results={data} />
      {!data.health.broken && (
        <>
          <MetricResults experiment={experiment} results={data} />
          <Segments results={data} />
        </>
      )}
    </>
  );
}

function Plan({ experiment }: { experiment: AnalyticsExperiment }) {
  const t = useExperimentTexts();
  const formats = useFormats();
  const { botId, place, arms, primary, guardrails, minimalEffect, plannedPersons, days, alpha, power } = experiment;
  const { coverage, kind, startedAt, plannedEnd, endedAt, decision, decidedArm, decidedWhy } = experiment;
  const { decidedAutomatically, decidedBy } = experiment;
  const staffName = useStaffNames();
  // `staff:` and an id, `key:` and an id.
  const decider = decidedBy?.replace(/^staff:/, '');
  return (
    <>
      {decision && (
        <Card title={t.decided}>
          <Facts
            facts={[
              [t.decision, wordOf(t.decisions, decision)],
              [t.decidedBy, decidedAutomatically ? t.itself : decider && staffName(decider)],
              [t.everybody, decidedArm],
              [t.why, decidedWhy],
              [t.ended, endedAt && <Moment key="ended" at={endedAt} />],
            ]}
          />
        </Card>
      )}
      <Card title={t.plan}>
        <Facts
          facts={[
            [t.bot, botId && <BotName key="bot" botId={botId} />],
            [t.place, place.startsWith('chat-ai.prompt:') ? t.places.prompt : <code key="place">{place}</code>],
            [t.kind, t.kinds[kind]],
            [t.primary, primary && labelOf(primary.key, t.metrics)],
            [t.guardrails, guardrails.map(({ key }) => labelOf(key, t.metrics)).join(', ')],
            [t.effect, minimalEffect !== null && formats.percent(minimalEffect)],
            [t.persons, plannedPersons !== null && formats.number(plannedPersons)],
            [t.weeks, days !== null && formats.number(days / 7)],
            [t.coverageShort, formats.percent(coverage / 10_000)],
            [t.alpha, formats.percent(alpha)],
            [t.power, formats.percent(power)],
            [t.started, startedAt && <Moment key="started" at={startedAt} />],
            [t.until, plannedEnd && <Moment key="until" at={plannedEnd} look="date" />],
          ]}
        />
      </Card>
      <Card title={t.arms}>
        <Facts facts={arms.map(({ key, weight }) => [key, t.weight(formats.percent(weight / 10_000))])} />
      </Card>
    </>
  );
}

const decisions = ['ship', 'no_effect', 'harmful', 'stopped'] as const;

function DecideDialog({ experiment, onClose }: { experiment: AnalyticsExperiment; onClose: () => void }) {
  const t = useExperimentTexts();
  const kit = useKitTexts();
  const { id, arms, revision } = experiment;
  const { data } = useQuery(analyticsExperimentsResultsOptions({ path: { experimentId: id } }));
  const advised = decisions.find((one) => one === data?.advice.decision) ?? 'stopped';
  const form = useForm({
    send: (values) =>
      analyticsExperimentsDecide({
        path: { experimentId: id },
        headers: { 'If-Match': etagOf(revision) },
        body: {
          decision: decisions.find((one) => one === values.text('decision')) ?? 'stopped',
          arm: values.text('arm'),
          why: values.text('why'),
        },
      }),
    done: () => {
      notify({ text: t.decided });
      void refresh('analyticsExperiments');
      onClose();
    },
  });
  return (
    <Dialog title={t.decideTitle} about={t.decideAbout} isOpen onOpenChange={(open) => !open && onClose()}>
      <Form form={form}>
        <DialogBody>
          <FormProblem form={form} />
          <Select
            name="decision"
            label={t.decision}
            defaultValue={advised}
            choices={decisions.map((one) => ({ id: one, label: t.decisions[one] }))}
          />
          <Select
            name="arm"
            label={t.everybody}
            defaultValue={data?.advice.arm ?? arms[0]?.key}
            choices={arms.map(({ key }) => ({ id: key, label: key }))}
          />
          <TextArea name="why" label={t.why} minLength={3} rows={3} isRequired />
        </DialogBody>
        <DialogActions>
          <Button onPress={onClose}>{kit.cancel}</Button>
          <SubmitButton form={form}>{t.decide}</SubmitButton>
        </DialogActions>
      </Form>
    </Dialog>
  );
}
