import { area, curveMonotoneX, line } from 'd3-shape';
import './charts.css';

const [WIDTH, HEIGHT] = [84, 32];

/** The run of a number beside it, without axes; the number itself says what it is. */
export function Sparkline({ values }: { values: readonly (number | null)[] }) {
  const known = values.filter((value) => value !== null);
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const points = values.map((value, index) => ({
    x: 2 + (index / Math.max(1, values.length - 1)) * (WIDTH - 6),
    y: value === null ? undefined : HEIGHT - 3 - ((value - low) / (high - low || 1)) * (HEIGHT - 8),
  }));
  type Point = (typeof points)[number];
  const isKnown = ({ y }: Point) => y !== undefined;
  const stroke = line<Point>()
    .defined(isKnown)
    .x(({ x }) => x)
    .y(({ y }) => y ?? 0)
    .curve(curveMonotoneX);
  const fill = area<Point>()
    .defined(isKnown)
    .x(({ x }) => x)
    .y0(HEIGHT)
    .y1(({ y }) => y ?? 0)
    .curve(curveMonotoneX);
  const last = points.findLast(isKnown);
  return (
    <svg className="ui-sparkline" width={WIDTH} height={HEIGHT} aria-hidden>
      <path d={fill(points) ?? undefined} className="ui-sparkline-fill" />
      <path d={stroke(points) ?? undefined} className="ui-sparkline-line" />
      {last && <circle cx={last.x} cy={last.y} r={2.2} />}
    </svg>
  );
}
