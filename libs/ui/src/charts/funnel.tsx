import { ArrowDown } from 'lucide-react';
import { useFormats } from '../format';
import { useKitTexts } from '../kit.texts';
import './charts.css';

export interface FunnelStep {
  id: string;
  label: string;
  count: number;
  /** Typical time from the step before, in words. */
  about?: string;
}

/** How many go on from step to step. */
export function Funnel({ label, steps }: { label: string; steps: readonly FunnelStep[] }) {
  const t = useKitTexts();
  const formats = useFormats();
  const first = steps[0]?.count ?? 0;
  const part = (count: number, of: number) => (of > 0 ? count / of : 0);
  return (
    <ol className="ui-funnel" aria-label={label}>
      {steps.map(({ id, label: name, count, about }, i) => {
        const before = steps[i - 1]?.count;
        return (
          <li key={id}>
            {before !== undefined && (
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
