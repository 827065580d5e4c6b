import { BackUpStatistics } from '@switchboard/contracts';
import { startApp, type TestApp, until } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { aMessage, aPerson, ask, aUsage, clear, say } from '../../test/build';
import { analyticsApp } from '../analytics.app';

let app: TestApp;
beforeAll(async () => {
  app = await startApp(analyticsApp);
});
beforeEach(() => clear(app));
afterAll(() => app.stop());

/** The series of a metric as Prometheus reads them, by labels. */
async function series(name: string): Promise<Record<string, number>> {
  const text = await (await fetch(`${app.url}/metrics`)).text();
  const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`));
  return Object.fromEntries(
    lines.map((line) => {
      const [, labels, value] = /\{(.*)\} (\S+)$/.exec(line)!;
      return [labels!.replace(/,?service="analytics"/, '').replaceAll('"', ''), Number(value)];
    }),
  );
}

/** Readings are used again for some seconds. */
const untilSeries = (name: string, expected: Record<string, number>) =>
  until(async () => JSON.stringify(await series(name)) === JSON.stringify(expected), {
    what: `${name} to be ${JSON.stringify(expected)}`,
    timeoutMs: 20_000,
  });

it('what the business did is told to Prometheus as the ledger has it', async () => {
  const userId = await aPerson(app);
  await say(app, aMessage({ userId }));
  await say(app, aMessage({ userId, kind: 'voice' }));
  // Somebody who has not agreed is counted, but is not among the people.
  await say(app, aMessage({ botId: 'northwind' }));
  const usages = [aUsage({ purpose: 'turn' }), aUsage({ purpose: 'turn', costMicros: 1_000_000 })];
  for (const usage of usages) await say(app, usage);
  // Said twice, counted once.
  const id = uuidv7();
  for (let i = 0; i < 2; i++) await app.probe.say(aUsage({ purpose: 'summary', outcome: 'cut_off' }), { id });

  await untilSeries('business_model_cost_usd_total', {
    'bot=lumen,model=small,purpose=summary': 0.00045,
    'bot=lumen,model=small,purpose=turn': 1.00045,
  });
  expect(await series('business_model_tokens_total')).toMatchObject({
    'bot=lumen,model=small,purpose=turn,kind=input': 200,
    'bot=lumen,model=small,purpose=turn,kind=cached_input': 40,
    'bot=lumen,model=small,purpose=turn,kind=output': 60,
  });
  expect(await series('business_model_calls_total')).toEqual({
    'bot=lumen,model=small,purpose=summary,outcome=cut_off': 1,
    'bot=lumen,model=small,purpose=turn,outcome=answered': 2,
  });
  expect(await series('business_messages_total')).toEqual({
    'bot=lumen,kind=text': 1,
    'bot=lumen,kind=voice': 1,
    'bot=northwind,kind=text': 1,
  });
  await untilSeries('business_active_people', { 'period=day': 1, 'period=week': 1, 'period=month': 1 });
});

it('the age of the latest backup is told, that there is none as well, and which alerts fire', async () => {
  expect(await series('analytics_backup_timestamp_seconds')).toEqual({});
  expect(await series('analytics_backups')).toEqual({ '': 0 });
  const { takenAt } = await app.gateway.call(BackUpStatistics);
  await untilSeries('analytics_backup_timestamp_seconds', { '': takenAt.getTime() / 1000 });
  expect(await series('analytics_backups')).toEqual({ '': 1 });
  await ask(
    app,
    `INSERT INTO alerts (id, rule, subject, severity, state, recent, clean, measure, window_seconds, expected, seen, contributors,
       since, last_seen_at)
     VALUES ($1, 'usage-spike', 'lumen', 'critical', 'firing', '111', 0, 'cost', 300, 1, 9, '[]', now(), now())`,
    [uuidv7()],
  );
  expect(await series('analytics_alerts')).toEqual({ 'rule=usage-spike,severity=critical,acknowledged=false': 1 });
});
