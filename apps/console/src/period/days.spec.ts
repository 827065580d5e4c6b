import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** In a process of its own: the zone of one that runs stays as it is. */
function inZone(zone: string, now: string, expression: string): unknown {
  const program = `
    const RealDate = Date;
    globalThis.Date = class extends RealDate {
      constructor(...given) { super(...(given.length ? given : ['${now}'])); }
      static now() { return RealDate.parse('${now}'); }
    };
    const { dayOf, daysBefore, eachDay, lastDays, lengthOf, momentsOf } = await import('./days.ts');
    console.log(JSON.stringify(${expression}));`;
  const flags = ['--no-warnings', '--input-type=module', '-e', program];
  const env = { ...process.env, TZ: zone };
  return JSON.parse(execFileSync(process.execPath, flags, { cwd: join(__dirname), env, encoding: 'utf8' })) as unknown;
}

describe('days of a period', () => {
  // The clocks of this zone go forward at midnight on 2026-09-06: that day has no 00:00 and 23 hours; back on 2026-04-05.
  const santiago = (now: string, expression: string) => inZone('America/Santiago', now, expression);

  it('are as many as were asked for, also around days of 23 and 25 hours', () => {
    const early = santiago('2026-09-07T00:20:00-03:00', '[lastDays(2), lastDays(7)]');
    expect(early).toEqual([
      { from: '2026-09-06', to: '2026-09-07' },
      { from: '2026-09-01', to: '2026-09-07' },
    ]);
    expect(santiago('2026-04-05T23:40:00-04:00', 'lastDays(2)')).toEqual({ from: '2026-04-04', to: '2026-04-05' });
  });

  it('are as many before', () => {
    expect(
      santiago(
        '2026-10-01T12:00:00Z',
        `[daysBefore({ from: '2026-09-06', to: '2026-09-07' }), daysBefore({ from: '2026-03-01', to: '2026-03-31' }),
          lengthOf({ from: '2026-09-01', to: '2026-09-30' })]`,
      ),
    ).toEqual([{ from: '2026-09-04', to: '2026-09-05' }, { from: '2026-01-29', to: '2026-02-28' }, 30]);
  });

  it('are told one by one, both ends included', () => {
    const over = santiago('2026-10-01T12:00:00Z', `eachDay({ from: '2026-09-05', to: '2026-09-07' })`);
    expect(over).toEqual(['2026-09-05', '2026-09-06', '2026-09-07']);
  });

  it('have a year of four digits also while it is typed', () => {
    expect(santiago('2026-10-01T12:00:00Z', `dayOf(new Date('0002-12-31T12:00:00'))`)).toBe('0002-12-31');
  });

  it('end where the next one begins', () => {
    expect(santiago('2026-10-01T12:00:00Z', `momentsOf({ from: '2026-09-06', to: '2026-09-06' })`)).toEqual({
      from: '2026-09-06T04:00:00.000Z',
      to: '2026-09-07T03:00:00.000Z',
    });
  });
});
