import { axisOf } from './axis';

describe('the axis of a chart', () => {
  it.each([1, 2, 3, 4, 5, 7, 9, 23, 1240])('has whole steps for whole numbers up to %i', (highest) => {
    const { domain, ticks } = axisOf([0, highest], true);
    expect(ticks.filter((tick) => !Number.isInteger(tick))).toEqual([]);
    expect(ticks.length).toBeGreaterThanOrEqual(2);
    expect(domain[0]).toBe(0);
    expect(domain[1]).toBeGreaterThanOrEqual(highest);
  });

  it('has parts of one for shares', () => {
    expect(axisOf([0, 0.4], false).ticks).toEqual([0, 0.1, 0.2, 0.3, 0.4]);
  });

  it('goes below zero when values do, and keeps zero on it', () => {
    const { domain, ticks } = axisOf([-120, 300], true);
    expect(domain[0]).toBeLessThanOrEqual(-120);
    expect(ticks).toContain(0);
    expect(axisOf([-40, -10], true).domain[1]).toBe(0);
  });

  it('stands where everything is zero', () => {
    expect(axisOf([0, 0], true)).toEqual({ domain: [0, 1], ticks: [0, 1] });
  });
});
