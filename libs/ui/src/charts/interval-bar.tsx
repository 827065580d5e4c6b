import type { Tone } from '../badge';
import './charts.css';

/**
 * A value and its bounds on an axis with zero in the middle.
 * @param reach how far the axis goes to both sides, so that bars beside each other can be compared
 */
export function IntervalBar({
  low,
  high,
  value,
  reach,
  format,
  tone = 'neutral',
}: {
  low: number;
  high: number;
  value?: number;
  reach: number;
  format: (value: number) => string;
  tone?: Tone;
}) {
  const at = (part: number) => `${Math.min(100, Math.max(0, 50 + (part / reach) * 50))}%`;
  return (
    <span className="ui-interval" data-tone={tone}>
      <span className="ui-interval-axis" aria-hidden>
        <span
          className="ui-interval-bar"
          style={{ insetInlineStart: at(low), insetInlineEnd: `calc(100% - ${at(high)})` }}
        />
        {value !== undefined && <span className="ui-interval-dot" style={{ insetInlineStart: at(value) }} />}
      </span>
      <small>
        {format(low)} … {format(high)}
      </small>
    </span>
  );
}
