import { colorOf, Plot, type PlotProps } from './plot';

const GAP = 1;

/** How something is made up, and how much of it there is: one bar a point, its parts on top of each other. */
export function StackedBars(plot: PlotProps) {
  const sums = plot.labels.map((_, i) => plot.series.reduce((sum, { values }) => sum + (values[i] ?? 0), 0));
  return (
    <Plot
      {...plot}
      max={Math.max(0, ...sums)}
      inset={0.5}
      draw={({ x, y, step }, cursor) => {
        const width = Math.max(2, Math.min(36, step * 0.66));
        return plot.labels.map((_, i) => {
          let below = 0;
          const parts = plot.series.map((series, j) => {
            const value = series.values[i] ?? 0;
            const [bottom, top] = [y(below), y(below + value)];
            below += value;
            return { id: series.id, color: colorOf(series, j), top, height: Math.max(0, bottom - top - GAP), value };
          });
          return (
            <g key={i} className="ui-plot-bar" data-dim={(cursor !== undefined && cursor !== i) || undefined}>
              {parts
                .filter(({ value }) => value > 0)
                .map(({ id, color, top, height }, at, all) => (
                  <path
                    key={id}
                    fill={color}
                    d={bar(x(i) - width / 2, top, width, Math.max(1, height), at === all.length - 1 ? 3 : 0)}
                  />
                ))}
            </g>
          );
        });
      }}
    />
  );
}

/** A rectangle whose upper corners are round. */
function bar(x: number, y: number, width: number, height: number, round: number): string {
  const r = Math.min(round, height, width / 2);
  return `M${x},${y + height}v${r - height}q0,${-r} ${r},${-r}h${width - 2 * r}q${r},0 ${r},${r}v${height - r}z`;
}
