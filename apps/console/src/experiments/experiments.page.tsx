import { type AnalyticsExperiment, analyticsExperimentsListOptions } from '@switchboard/api-client';
import {
  Ago,
  Badge,
  ButtonLink,
  type Column,
  DataTable,
  Empty,
  Filters,
  FilterSelect,
  Moment,
  NoMatch,
  Page,
  type Tone,
  useFormats,
} from '@switchboard/ui';
import { useSearch } from '@tanstack/react-router';
import { FlaskConical, Plus } from 'lucide-react';
import { BotFilter, BotName } from '../bots/bot-parts';
import { SavedFilters } from '../saved-filters/saved-filters';
import { useList } from '../list';
import { oneOf, useSetSearch } from '../search';
import { useExperimentTexts } from './experiments.texts';
import { useMayCompare } from './may-compare';
import './experiments.css';

const states = ['draft', 'running', 'decided', 'stopped'] as const;
type State = (typeof states)[number];
export function ExperimentsPage() {
  const t = useExperimentTexts();
  const formats = useFormats();
  const mayWrite = useMayCompare()();
  const search = useSearch({ from: '/console/experiments' });
  const set = useSetSearch();
  const state = oneOf(states, search.state);
  const { list } = useList(
    analyticsExperimentsListOptions({ query: { state, botId: search.bot, after: search.after, limit: 50 } }),
  );
  const newButton = mayWrite && (
    <ButtonLink look="primary" icon={<Plus />} href="/console/experiments/new">
      {t.new}
    </ButtonLink>
  );
  const columns: Column<AnalyticsExperiment>[] = [
    {
      ...{ id: 'name', title: t.name },
      cell: ({ key, hypothesis }) => (
        <span className="two-lines">
          <span>{key}</span>
          {hypothesis && <small>{hypothesis}</small>}
        </span>
      ),
    },
    {
      ...{ id: 'state', title: t.state, width: '140px', phone: 'state' },
      cell: (experiment) => <ExperimentState state={experiment.state} />,
    },
    {
      ...{ id: 'bot', title: t.bot, width: '190px' },
      cell: ({ botId }) => botId && <BotName botId={botId} />,
    },
    {
      ...{ id: 'arms', title: t.arms, width: '90px', align: 'end', phone: 'never' },
      cell: ({ arms }) => formats.number(arms.length),
    },
    {
      ...{ id: 'started', title: t.started, width: '130px' },
      cell: ({ startedAt }) => startedAt && <Ago at={startedAt} />,
    },
    {
      ...{ id: 'until', title: t.until, width: '140px', phone: 'never' },
      cell: ({ plannedEnd, endedAt }) => plannedEnd && !endedAt && <Moment at={plannedEnd} look="date" />,
    },
  ];
  return (
    <Page title={t.title} about={t.about} actions={newButton}>
      <Filters set={[state, search.bot].filter(Boolean).length} end={<SavedFilters />}>
        <BotFilter value={search.bot} onChange={(bot) => set({ bot })} />
        <FilterSelect
          label={t.state}
          any={t.anyState}
          value={state}
          onChange={(state) => set({ state })}
          choices={states.map((id) => ({ id, label: t.states[id] }))}
        />
      </Filters>
      <DataTable
        label={t.title}
        columns={columns}
        {...list}
        idOf={({ id }) => id}
        nameOf={({ key }) => key}
        href={({ id }) => `/console/experiments/${id}`}
        empty={
          state || search.bot ? (
            <NoMatch onClear={() => set({ state: undefined, bot: undefined })} />
          ) : (
            <Empty icon={<FlaskConical />} title={t.none} action={newButton}>
              {t.noneText}
            </Empty>
          )
        }
      />
    </Page>
  );
}

const tones: Record<State, Tone> = { draft: 'neutral', running: 'accent', decided: 'good', stopped: 'warn' };

export function ExperimentState({ state }: { state: State }) {
  const t = useExperimentTexts();
  return (
    <Badge dot tone={tones[state]}>
      {t.states[state]}
    </Badge>
  );
}
