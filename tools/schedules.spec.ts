import { schedulesOf } from '@switchboard/service-kit';
import { definedApps } from './app-variables';

describe('what is done by the clock', () => {
  it('includes the retention of every service that keeps what people say', async () => {
    const schedules = (await definedApps()).flatMap((app) =>
      schedulesOf(app).map(({ job }) => `${app.name} ${job.name}`),
    );
    expect(schedules).toEqual(
      expect.arrayContaining(['bot-adapter forget-old', 'chat-ai forget-old', 'tts-worker forget-old']),
    );
    expect(new Set(schedules).size).toBe(schedules.length);
  });
});
