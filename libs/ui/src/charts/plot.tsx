import { scaleLinear, scalePoint, type ScaleLinear } from 'd3-scale';
import { type KeyboardEvent, type PointerEvent, type ReactNode, useId, useState } from 'react';
import { useKitTexts } from '../kit.texts';
import { axisOf } from './axis';
import { ChartFrame } from './chart-frame';
import { textWidth, useWidth } from './measure';
import './charts.css';

export interface Series {
  id: string;
  name: string;
  /** As many as there are labels; null where nothing is known. */
  values: readonly (number | null)[];
  /** 1 to 5; those of the order without it. */
  color?: 1 | 2 | 3 | 4 | 5;
}

export interface PlotProps {
  /** What is shown, for those who cannot see it. */
  label: string;
  /** Of the points, as short as the axis needs them. */
  labels: readonly string[];
  /** The same in full, for the tooltip; the labels without it. */
  titles?: readonly string[];
  series: readonly Series[];
  /** Numbers at the axis; whole numbers are written compactly. */
  format: (value: number) => string;
  /** Numbers in tooltip and table. */
  formatExact?: (value: number) => string;
  height?: number;
  /** What stands in the plot's place when no value is known. */
  nothing?: ReactNode;
}

export interface Scales {
  readonly x: (index: number) => number;
  readonly y: ScaleLinear<number, number>;
  /** Between two points. */
  readonly step: number;
  readonly plotHeight: number;
}

const TOP = 10;
const BOTTOM = 26;
const RIGHT = 8;
const LABEL_GAP = 20;

export const colorOf = ({ color }: Series, index: number): string => `var(--series-${color ?? (index % 5) + 1})`;

/**
 * Axes, a cursor that pointer and arrow keys move, a tooltip, and the same as a table; what is drawn in it is the caller's.
 * It is drawn at real pixels: a picture that is scaled would swell its texts.
 */
export function Plot({
  label,
  labels,
  titles = labels,
  series,
  format,
  formatExact = format,
  height = 220,
  nothing,
  range,
  inset = 0,
  draw,
}: PlotProps & {
  /** What is drawn lies between them. */
  range: readonly [lowest: number, highest: number];
  /** Free room at both ends of the axis, as a part of a step: bars need half of one. */
  inset?: number;
  draw: (scales: Scales, cursor: number | undefined) => ReactNode;
}) {
  const t = useKitTexts();
  const [box, width] = useWidth();
  const [cursor, setCursor] = useState<number>();
  const tipId = useId();
  const isEmpty = labels.length === 0 || series.every(({ values }) => values.every((value) => value === null));

  // Half of a person is no person; of shares it is another matter.
  const isWhole = series.every(({ values }) => values.every((value) => value === null || Number.isInteger(value)));
  const { domain, ticks } = axisOf(range, isWhole);
  const y = scaleLinear()
    .domain([...domain])
    .range([height - BOTTOM, TOP]);
  const left = Math.ceil(Math.max(...ticks.map((tick) => textWidth(format(tick))), 16)) + 10;
  const x = scalePoint<number>()
    .domain(labels.map((_, i) => i))
    .range([left, Math.max(left + 1, width - RIGHT)])
    .padding(inset);
  const scales: Scales = { x: (i) => x(i) ?? left, y, step: x.step() || width, plotHeight: height - BOTTOM };

  const move = (index: number) => setCursor(Math.max(0, Math.min(labels.length - 1, index)));
  const point = (event: PointerEvent<HTMLDivElement>) => {
    const at = event.clientX - event.currentTarget.getBoundingClientRect().left;
    move(Math.round((at - scales.x(0)) / scales.step));
  };
  const press = (event: KeyboardEvent) => {
    const steps: Record<string, number> = {
      ArrowLeft: (cursor ?? labels.length) - 1,
      ArrowRight: (cursor ?? -1) + 1,
      Home: 0,
      End: labels.length - 1,
    };
    const next = steps[event.key];
    if (next === undefined) return;
    event.preventDefault();
    move(next);
  };
  const spoken = (index: number) =>
    `${titles[index]}: ${series.map(({ name, values }) => `${name} ${shown(values[index], formatExact)}`).join(', ')}`;

  return (
    <ChartFrame
      label={label}
      legend={series.length > 1 ? series.map((one, i) => ({ name: one.name, color: colorOf(one, i) })) : []}
      table={
        isEmpty
          ? undefined
          : {
              head: [t.chart.date, ...series.map(({ name }) => name)],
              rows: titles.map((title, i) => [title, ...series.map(({ values }) => shown(values[i], formatExact))]),
            }
      }
    >
      {isEmpty ? (
        <div className="ui-chart-none" style={{ height }}>
          {nothing ?? t.chart.noData}
        </div>
      ) : (
        <div
          ref={box}
          className="ui-plot"
          style={{ height }}
          role="slider"
          tabIndex={0}
          aria-label={`${label}. ${t.chart.points}`}
          aria-orientation="horizontal"
          aria-valuemin={0}
          aria-valuemax={labels.length - 1}
          aria-valuenow={cursor ?? labels.length - 1}
          aria-valuetext={spoken(cursor ?? labels.length - 1)}
          onPointerMove={point}
          onPointerDown={point}
          onPointerLeave={() => setCursor(undefined)}
          onBlur={() => setCursor(undefined)}
          onKeyDown={press}
        >
          {width > 0 && (
            <svg width={width} height={height} aria-hidden>
              {ticks.map((tick) => (
                <g key={tick} className="ui-plot-tick" data-zero={(tick === 0 && domain[0] < 0) || undefined}>
                  <line x1={left} x2={width - RIGHT} y1={y(tick)} y2={y(tick)} />
                  <text x={left - 8} y={y(tick)} dy="0.32em" textAnchor="end">
                    {format(tick)}
                  </text>
                </g>
              ))}
              {shownLabels(labels, scales, left, width).map(({ index, at, anchor }) => (
                <text key={index} className="ui-plot-label" x={at} y={height - 7} textAnchor={anchor}>
                  {labels[index]}
                </text>
              ))}
              {draw(scales, cursor)}
            </svg>
          )}
          {cursor !== undefined && (
            <Tip
              id={tipId}
              title={titles[cursor] ?? ''}
              at={scales.x(cursor)}
              width={width}
              lines={series.map((one, i) => ({
                name: one.name,
                value: shown(one.values[cursor], formatExact),
                color: colorOf(one, i),
              }))}
            />
          )}
        </div>
      )}
    </ChartFrame>
  );
}

interface TipProps {
  id: string;
  title: string;
  at: number;
  width: number;
  lines: readonly { name: string; value: string; color: string }[];
}

function Tip({ id, title, at, width, lines }: TipProps) {
  const isLeft = at > width / 2;
  return (
    <div id={id} className="ui-plot-tip" aria-hidden style={isLeft ? { right: width - at + 12 } : { left: at + 12 }}>
      <strong>{title}</strong>
      {lines.map(({ name, value, color }) => (
        <span key={name}>
          <i style={{ background: color }} />
          {name}
          <b>{value}</b>
        </span>
      ))}
    </div>
  );
}

const shown = (value: number | null | undefined, format: (value: number) => string): string =>
  value === null || value === undefined ? '–' : format(value);

/** As many labels as there is room for, at even distances, the last point among them. */
function shownLabels(labels: readonly string[], { x, step }: Scales, left: number, width: number) {
  const widest = Math.max(...labels.map((label) => textWidth(label)));
  const every = Math.max(1, Math.ceil((widest + LABEL_GAP) / step));
  return labels.flatMap((label, index) => {
    if ((labels.length - 1 - index) % every !== 0) return [];
    const [at, half] = [x(index), textWidth(label) / 2];
    const anchor = at + half > width ? 'end' : at - half < left - 24 ? 'start' : 'middle';
    return [{ index, at: anchor === 'end' ? width : at, anchor: anchor as 'start' | 'middle' | 'end' }];
  });
}
