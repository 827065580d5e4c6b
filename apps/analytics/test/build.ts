import {
  type CloudEvent,
  ConsentGiven,
  ConsentWithdrawn,
  type EventDraft,
  MessageReceived,
  SpeechCompleted,
  UsageRecorded,
} from '@switchboard/contracts';
import { Schedules } from '@switchboard/service-kit';
import { type TestApp, until } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';

type Message = Parameters<typeof MessageReceived>[0];
type Usage = Parameters<typeof UsageRecorded>[0];

export const aMessage = (rest: Partial<Message> = {}): ReturnType<typeof MessageReceived> =>
  MessageReceived({
    messageId: uuidv7(),
    chatId: uuidv7(),
    botId: 'lumen',
    channel: 'telegram',
    userId: uuidv7(),
    locale: 'en',
    kind: 'text',
    text: 'a peculiar zebra',
    sentAt: '2026-11-27T12:00:00.000Z',
    ...rest,
  });

export const aUsage = (rest: Partial<Usage> = {}): ReturnType<typeof UsageRecorded> =>
  UsageRecorded({
    usageId: uuidv7(),
    botId: 'lumen',
    userId: uuidv7(),
    model: 'small',
    inputTokens: 100,
    cachedInputTokens: 20,
    outputTokens: 30,
    costMicros: 450,
    estimated: false,
    outcome: 'answered',
    durationMs: 700,
    ...rest,
  });

export const aSpeech = (): ReturnType<typeof SpeechCompleted> =>
  SpeechCompleted({
    speechId: uuidv7(),
    requestedBy: 'bot-adapter',
    chatId: uuidv7(),
    audioId: 'a'.repeat(64),
    mimeType: 'audio/ogg',
    bytes: 4000,
    durationMs: 1500,
    engine: 'espeak',
    reused: false,
  });

/** An event of another service as it comes from the bus, said at a time. */
export function eventAt(time: Date, draft: EventDraft, over: Partial<CloudEvent> = {}): CloudEvent {
  return {
    specversion: '1.0',
    id: uuidv7({ msecs: time.getTime() }),
    source: draft.type.split('.')[0]!,
    type: draft.type,
    subject: draft.subject,
    time: time.toISOString(),
    datacontenttype: 'application/json',
    data: draft.data,
    ...over,
  };
}

/** Says something as another service does, at a time of its own; it is stored when this resolves. */
export const say = (app: TestApp, draft: EventDraft, at = app.clock.now()): Promise<CloudEvent> =>
  app.probe.say(draft, { id: uuidv7({ msecs: at.getTime() }), time: at.toISOString() });

const decision = (app: TestApp, userId: string) => ({
  consentId: uuidv7(),
  userId,
  purpose: 'analytics',
  version: '1',
  source: 'bot',
  at: app.clock.now().toISOString(),
});

export async function consents(app: TestApp, ...people: string[]): Promise<void> {
  for (const userId of people) {
    const { at, ...rest } = decision(app, userId);
    await app.probe.say(ConsentGiven({ ...rest, givenAt: at }));
  }
}

export async function withdraws(app: TestApp, userId: string): Promise<void> {
  const { at, ...rest } = decision(app, userId);
  await app.probe.say(ConsentWithdrawn({ ...rest, withdrawnAt: at }));
}

/** Somebody who has consented. */
export async function aPerson(app: TestApp): Promise<string> {
  const userId = uuidv7();
  await consents(app, userId);
  return userId;
}

/** Forgets all that was stored and counted, when whatever is being stored or erased just now is through. */
export const clear = (app: TestApp): Promise<unknown> =>
  app.service.db.transaction(async (tx) => {
    await tx.query(`SELECT pg_advisory_xact_lock(hashtext(current_schema()), hashtext('consents'))`);
    await tx.query(
      `TRUNCATE events, quarantined_events, measures, anonymous_measures, active_people, people, consents, archived_days`,
    );
    await tx.query('UPDATE rollup_state SET restored_backup = NULL');
  });

/** Rows of a query, for what is stored. */
export const ask = <Row>(app: TestApp, sql: string, parameters: unknown[] = []): Promise<Row[]> =>
  app.service.db.query<Row[]>(sql, parameters);

/** The measures of an interval and type, by measure: `{ events: [3, 0], costMicros: [3, 1350] }`. */
export async function measuresOf(
  app: TestApp,
  type: string,
  minutes = 1440,
): Promise<Record<string, [number, number]>> {
  const rows = await ask<{ measure: string; events: number; total: number }>(
    app,
    `SELECT measure, sum(events)::int AS events, sum(total)::int AS total FROM measures
     WHERE type = $1 AND minutes = $2 GROUP BY measure`,
    [type, minutes],
  );
  return Object.fromEntries(rows.map(({ measure, events, total }) => [measure, [events, total]]));
}

let slots = 0;

/** Runs what is scheduled, and waits until it is done. */
export async function runScheduled(app: TestApp, job: string): Promise<void> {
  // A slot of its own, later than any that the service has claimed by the clock of the database.
  const slot = new Date(Date.now() + ++slots * 86_400_000);
  if (!(await app.service.nest.get(Schedules).runSlot(job, slot))) throw new Error(`${job} has run later than that`);
  const done = `SELECT FROM schedules WHERE job = $1 AND last_success_slot = last_slot`;
  await until(async () => (await ask(app, done, [job])).length === 1, { what: `the end of ${job}` });
}
