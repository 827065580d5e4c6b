import type {
  AnalyticsComparison,
  AnalyticsExperiment,
  AnalyticsExperimentResults,
  AnalyticsMetric,
  AnalyticsMetricResult,
} from '@switchboard/api-client';
import {
  Badge,
  BarList,
  Card,
  Facts,
  IntervalBar,
  Moment,
  type Tone,
  useFormats,
  useLanguage,
  wordOf,
} from '@switchboard/ui';
import { Fragment } from 'react';
import { useChannelName } from '../channel-names/channel-names';
import { useExperimentTexts } from './experiments.texts';
import { formatOf, isKnown, labelOf, sourceOf } from './metrics';

type Results = AnalyticsExperimentResults;
type Verdict = AnalyticsComparison['verdict'];

const verdictTones: Record<Verdict, Tone> = { better: 'good', worse: 'bad', unclear: 'neutral' };
const adviceTones: Readonly<Record<string, Tone>> = {
  ship: 'good',
  harmful: 'bad',
  broken: 'bad',
  inconclusive: 'warn',
};

/** What is to be done, in a sentence. */
export function Advice({ results: { advice, computedAt } }: { results: Results }) {
  const t = useExperimentTexts();
  const { language } = useLanguage();
  return (
    <Card
      title={t.advice}
      actions={<Badge tone={adviceTones[advice.decision] ?? 'info'}>{wordOf(t.decisions, advice.decision)}</Badge>}
    >
      <p>{advice.text[language]}</p>
      {computedAt && (
        <p className="soft">
          {t.computed}: <Moment at={computedAt} />
        </p>
      )}
    </Card>
  );
}

/** Whether people were spread as planned; without that no number means anything. */
export function Health({ results: { health, persons } }: { results: Results }) {
  const t = useExperimentTexts();
  const formats = useFormats();
  const channelName = useChannelName();
  const all = persons.reduce((sum, one) => sum + one.persons, 0);
  const p = (value: number) => t.mismatch(formats.significant(value));
  return (
    <Card
      title={t.health}
      actions={
        <Badge dot tone={health.broken ? 'bad' : 'good'}>
          {health.broken ? t.broken : t.healthy}
        </Badge>
      }
    >
      {health.broken && <p>{t.brokenText}</p>}
      <BarList
        label={t.people}
        format={formats.number}
        rows={persons.map(({ arm, persons: count, weight }) => ({
          ...{ id: arm, label: arm, value: count },
          about: `${formats.percent(all > 0 ? count / all : 0)}, ${t.planned} ${formats.percent(weight / 10_000)}`,
        }))}
      />
      <Facts
        facts={[
          [
            t.spread,
            <Fragment key="spread">
              {p(health.sampleRatio.p)} <small className="soft">{t.spreadHint}</small>
            </Fragment>,
          ],
          [t.badDays, health.byDay.map(({ day }) => formats.day(day)).join(', ')],
          [t.badChannels, health.byChannel.map(({ channel }) => channelName(channel)).join(', ')],
          [t.inTwoArms, health.inTwoArms.persons > 0 && formats.number(health.inTwoArms.persons)],
          [t.imbalance, health.imbalance.map((key) => labelOf(key, t.metrics)).join(', ')],
        ]}
      />
    </Card>
  );
}

export function MetricResults({ experiment, results }: { experiment: AnalyticsExperiment; results: Results }) {
  const t = useExperimentTexts();
  const known = [experiment.primary, ...experiment.secondary, ...experiment.guardrails];
  return (
    <Card title={t.results}>
      {results.metrics.map((result) => {
        const metric = known.find((one) => one?.key === result.key);
        return metric && <Metric key={`${result.role} ${result.key}`} metric={metric} result={result} />;
      })}
    </Card>
  );
}

function Metric({ metric, result }: { metric: AnalyticsMetric; result: AnalyticsMetricResult }) {
  const t = useExperimentTexts();
  const formats = useFormats();
  const format = formatOf(metric, formats);
  const { comparisons } = result;
  const bounds = comparisons.map(({ liftInterval }) => liftInterval).filter((range) => range !== null);
  const reach = Math.max(0.01, ...bounds.flatMap(({ low, high }) => [Math.abs(low), Math.abs(high)]));
  return (
    <section className="experiment-metric">
      <header>
        <h3>{labelOf(result.key, t.metrics)}</h3>
        {!isKnown(result.key) && <small className="soft">{t.measuredBy(sourceOf(metric))}</small>}
        <Badge tone={result.role === 'primary' ? 'accent' : 'neutral'}>{t.roles[result.role]}</Badge>
      </header>
      <div className="experiment-rows" role="table" aria-label={labelOf(result.key, t.metrics)}>
        <div role="row">
          <span role="columnheader">{t.arms}</span>
          <span role="columnheader" className="number">
            {t.people}
          </span>
          <span role="columnheader" className="number">
            {t.mean}
          </span>
          <span role="columnheader">{t.interval}</span>
          <span role="columnheader">{t.lift}</span>
        </div>
        {result.arms.map(({ key, persons, mean }) => {
          const comparison = comparisons.find(({ arm }) => arm === key);
          return (
            <div role="row" key={key}>
              <b role="cell">{key}</b>
              <span role="cell" className="number">
                {formats.number(persons)}
              </span>
              <span role="cell" className="number">
                {format(mean)}
              </span>
              <span role="cell">
                {comparison?.liftInterval ? (
                  <IntervalBar
                    {...comparison.liftInterval}
                    value={comparison.lift ?? undefined}
                    reach={reach}
                    format={formats.change}
                    tone={verdictTones[comparison.verdict]}
                  />
                ) : (
                  <span className="soft">{comparison ? '—' : t.control}</span>
                )}
              </span>
              <span role="cell">{comparison && <Verdict comparison={comparison} />}</span>
            </div>
          );
        })}
      </div>
    </section>
  );
}

function Verdict({ comparison: { verdict, lift, belief } }: { comparison: AnalyticsComparison }) {
  const t = useExperimentTexts();
  const formats = useFormats();
  return (
    <span className="ui-row">
      {lift !== null && <span>{formats.change(lift)}</span>}
      <Badge tone={verdictTones[verdict]}>{t.verdicts[verdict]}</Badge>
      {belief && <small className="soft">{t.chance(formats.percent(belief.chanceToWin, 0))}</small>}
    </span>
  );
}

/** Whether the effect is the same in all parts of the people that were named before. */
export function Segments({ results: { segments } }: { results: Results }) {
  const t = useExperimentTexts();
  const formats = useFormats();
  if (segments.length === 0) return null;
  return (
    <Card title={t.segments}>
      {segments.map(({ by, arm, parts, interactionP }) => (
        <section key={`${by} ${arm}`} className="experiment-metric">
          <header>
            <h3>{wordOf(t.segmentsBy, by)}</h3>
            <Badge>{arm}</Badge>
            <small className="soft">
              {interactionP < 0.05 ? t.differs(formats.significant(interactionP)) : t.same}
            </small>
          </header>
          <Facts
            facts={parts.map(({ value, persons, difference, interval }) => [
              `${value} (${formats.number(persons)})`,
              `${formats.significant(difference)} (${formats.significant(interval.low)} … ${formats.significant(interval.high)})`,
            ])}
          />
        </section>
      ))}
    </Card>
  );
}
