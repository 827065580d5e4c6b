import { colorOf, Plot, type PlotProps } from './plot';

const GAP = 1;

/** How something is made up, and how much of it there is: one bar a point, its parts on top of each other; what is less than nothing hangs below zero. */
export function StackedBars(plot: PlotProps) {
  const sumsOf = (of: (value: number) => number) =>
    plot.labels.map((_, i) => plot.series.reduce((sum, { values }) => sum + of(values[i] ?? 0), 0));
  const [below, above] = [sumsOf((value) => Math.min(0, value)), sumsOf((value) => Math.max(0, value))];
  return (
    <Plot
      {...plot}
      range={[Math.min(0, ...below), Math.max(0, ...above)]}
      inset={0.5}
      draw={({ x, y, step }, cursor) => {
        const width = Math.max(2, Math.min(36, step * 0.66));
        return plot.labels.map((_, i) => {
          const ends = { up: 0, down: 0 };
          const parts = plot.series.map((series, j) => {
            const value = series.values[i] ?? 0;
            const side = value < 0 ? 'down' : 'up';
            const [from, to] = [y(ends[side]), y(ends[side] + value)];
            ends[side] += value;
            return { id: series.id, color: colorOf(series, j), side, from, to };
          });
          return (
            <g key={i} className="ui-plot-bar" data-dim={(cursor !== undefined && cursor !== i) || undefined}>
              {parts.map(({ id, color, side, from, to }, at) => {
                if (from === to) return null;
                const isLast = parts.slice(at + 1).every((next) => next.side !== side || next.from === next.to);
                const height = Math.max(1, Math.abs(from - to) - GAP);
                return (
                  <path
                    key={id}
                    fill={color}
                    d={bar(x(i) - width / 2, to, width, side === 'up' ? height : -height, isLast ? 3 : 0)}
                  />
                );
              })}
            </g>
          );
        });
      }}
    />
  );
}

/** A rectangle from its end, whose corners there are round, down to zero, or up to it when the height is less than nothing. */
function bar(x: number, end: number, width: number, height: number, round: number): string {
  const r = Math.min(round, Math.abs(height), width / 2);
  const v = Math.sign(height) * r;
  return `M${x},${end + height}V${end + v}q0,${-v} ${r},${-v}h${width - 2 * r}q${r},0 ${r},${v}V${end + height}z`;
}
