import { ArrowDown } from 'lucide-react';
import { useFormats } from '../format';
import { useKitTexts } from '../kit.texts';
import './charts.css';

interface FunnelStep {
  id: string;
  label: string;
  /** Null where it is not to be told. */
  count: number | null;
  /** Typical time from the step before, in words. */
  about?: string;
}

/** How many go on from step to step. */
export function Funnel({
  label,
  steps,
  hidden,
}: {
  label: string;
  steps: readonly FunnelStep[];
  /** Stands in place of a count that is not to be told. */
  hidden?: string;
}) {
  const t = useKitTexts();
  const formats = useFormats();
  const first = steps[0]?.count ?? 0;
  const part = (count: number, of: number) => (of > 0 ? count / of : 0);
  return (
    <ol className="ui-funnel" aria-label={label}>
      {steps.map(({ id, label: name, count, about }, i) => {
        const before = steps[i - 1]?.count ?? null;
        if (count === null) {
          return (
            <li key={id}>
              <span className="ui-funnel-words">
                <span>{name}</span>
                <b>{hidden}</b>
              </span>
            </li>
          );
        }
        return (
          <li key={id}>
            {before !== null && (
              <span className="ui-funnel-drop">
                <ArrowDown aria-hidden />
                {formats.percent(part(count, before))} {t.chart.ofPrevious}
                {about && <span>· {about}</span>}
              </span>
            )}
            <span className="ui-funnel-words">
              <span>{name}</span>
              <b>{formats.number(count)}</b>
              <small>
                {formats.percent(part(count, first))}
                {i > 0 && <span className="visually-hidden"> {t.chart.ofFirst}</span>}
              </small>
            </span>
            <span className="ui-funnel-bar" aria-hidden>
              <span style={{ width: `${part(count, first) * 100}%` }} />
            </span>
          </li>
        );
      })}
    </ol>
  );
}
