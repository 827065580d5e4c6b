import { scaleLinear } from 'd3-scale';

/** Where an axis begins and ends, and what is written at it. Zero is always on it: what is drawn is measured from there. */
interface Axis {
  readonly domain: readonly [from: number, to: number];
  readonly ticks: readonly number[];
}

/**
 * At most about five round steps.
 * @param isWhole of what only whole numbers exist (people, messages): none of its steps is a part of one
 */
export function axisOf([lowest, highest]: readonly [number, number], isWhole: boolean): Axis {
  const [from, to] = [Math.min(0, lowest), Math.max(0, highest)];
  for (let steps = 4; ; steps--) {
    const scale = scaleLinear()
      .domain(from === to ? [0, 1] : [from, to])
      .nice(steps);
    const ticks = scale.ticks(steps);
    if (!isWhole || steps === 1 || ticks.every(Number.isInteger)) {
      return { domain: scale.domain() as [number, number], ticks };
    }
  }
}
