import { z } from 'zod';
import { Instant } from './index';

describe('a moment', () => {
  const period = z
    .object({ from: Instant, to: Instant.optional() })
    .refine(({ from, to }) => !to || from.getTime() < to.getTime(), { error: 'ends before it begins' });

  it('that is none is told of, and checks of the whole wait until it is one', () => {
    const told = (value: unknown) => period.safeParse(value).error?.issues.map(({ path, code }) => [path.join(), code]);
    expect(told({ from: '2026-11-27', to: '2026-11-28T00:00:00Z' })).toEqual([['from', 'invalid_format']]);
    expect(told({ from: '2026-11-27T00:00:00Z', to: 'later' })).toEqual([['to', 'invalid_format']]);
    expect(told({ from: '2026-11-27T00:00:00Z', to: '2026-11-26T00:00:00Z' })).toEqual([['', 'custom']]);
  });
});
