import { area, curveMonotoneX, line } from 'd3-shape';
import { useId } from 'react';
import { colorOf, Plot, type PlotProps, type Scales, type Series } from './plot';

/** How something went: one line a series; a single one has its area filled. */
export function LineChart({
  provisionalFrom,
  ...plot
}: PlotProps & {
  /** From this point on late events may still come: drawn dashed. */
  provisionalFrom?: number;
}) {
  const values = plot.series.flatMap((series) => series.values.filter((value) => value !== null));
  return (
    <Plot
      {...plot}
      range={[Math.min(0, ...values), Math.max(0, ...values)]}
      draw={(scales, cursor) => (
        <>
          {plot.series.map((series, i) => (
            <Line
              key={series.id}
              series={series}
              color={colorOf(series, i)}
              scales={scales}
              filled={plot.series.length === 1}
              provisionalFrom={provisionalFrom}
            />
          ))}
          {cursor !== undefined && (
            <>
              <line
                className="ui-plot-cursor"
                x1={scales.x(cursor)}
                x2={scales.x(cursor)}
                y1={4}
                y2={scales.plotHeight}
              />
              {plot.series.map((series, i) => {
                const value = series.values[cursor];
                return value === null || value === undefined ? null : (
                  <circle
                    key={series.id}
                    className="ui-plot-dot"
                    cx={scales.x(cursor)}
                    cy={scales.y(value)}
                    r={4}
                    fill={colorOf(series, i)}
                  />
                );
              })}
            </>
          )}
        </>
      )}
    />
  );
}

interface LineProps {
  series: Series;
  color: string;
  scales: Scales;
  filled: boolean;
  provisionalFrom?: number;
}

function Line({ series: { values }, color, scales: { x, y }, filled, provisionalFrom }: LineProps) {
  const gradient = useId();
  const points = values.map((value, index) => ({ value, index }));
  const draw = line<(typeof points)[number]>()
    .defined(({ value }) => value !== null)
    .x(({ index }) => x(index))
    .y(({ value }) => y(value ?? 0))
    .curve(curveMonotoneX);
  const fill = area<(typeof points)[number]>()
    .defined(({ value }) => value !== null)
    .x(({ index }) => x(index))
    .y0(y(0))
    .y1(({ value }) => y(value ?? 0))
    .curve(curveMonotoneX);
  const split = provisionalFrom ?? points.length;
  const isLonely = points.filter(({ value }) => value !== null).length === 1;
  return (
    <g style={{ color }}>
      {filled && (
        <>
          <defs>
            <linearGradient id={gradient} x1="0" x2="0" y1="0" y2="1">
              <stop offset="0" stopColor="currentColor" stopOpacity="0.22" />
              <stop offset="1" stopColor="currentColor" stopOpacity="0.01" />
            </linearGradient>
          </defs>
          <path d={fill(points) ?? undefined} fill={`url(#${gradient})`} />
        </>
      )}
      <path className="ui-plot-line" d={draw(points.slice(0, split)) ?? undefined} />
      {split < points.length && (
        <path className="ui-plot-line" data-provisional d={draw(points.slice(Math.max(0, split - 1))) ?? undefined} />
      )}
      {isLonely &&
        points.map(({ value, index }) =>
          value === null ? null : <circle key={index} cx={x(index)} cy={y(value)} r={3.5} fill="currentColor" />,
        )}
    </g>
  );
}
