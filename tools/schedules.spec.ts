import { schedulesOf } from '@switchboard/service-kit';
import { schedulePurposes } from '../apps/console/src/system/schedule-purposes';
import { definedApps } from './app-variables';

describe('what is done by the clock', () => {
  let schedules: string[];
  beforeAll(async () => {
    schedules = (await definedApps()).flatMap((app) => schedulesOf(app).map(({ job }) => `${app.name} ${job.name}`));
  });

  it('includes the retention of every service that keeps what people say', () => {
    expect(schedules).toEqual(
      expect.arrayContaining(['bot-adapter forget-old', 'chat-ai forget-old', 'tts-worker forget-old']),
    );
    expect(new Set(schedules).size).toBe(schedules.length);
  });

  it('says in Russian what it is for, and only what there is does', () => {
    const names: Record<string, string> = schedulePurposes;
    const jobOf = (schedule: string) => schedule.split(' ')[1]!;
    expect(schedules.filter((schedule) => !(names[schedule] ?? names[jobOf(schedule)]))).toEqual([]);
    const known = new Set(schedules.flatMap((schedule) => [schedule, jobOf(schedule)]));
    expect(Object.keys(names).filter((name) => !known.has(name))).toEqual([]);
  });
});
