import { Inject, Injectable } from '@nestjs/common';
import {
  type CloudEvent,
  ConsentGiven,
  type EventOf,
  ExposureRecorded,
  type RemoveDemoEvents,
  type TakeDemoEvents,
  type TakeDemoExperiment,
} from '@switchboard/contracts';
import { type AnswerOf, Clock, CONFIG, isDemo, refuseDemoInProduction, type RequestOf } from '@switchboard/service-kit';
import { DataSource } from 'typeorm';
import { analyticsDataMap } from '../analytics.data-map';
import { ConsentsService } from '../consents/consents.service';
import { EventsService } from '../events/events.service';
import { type ReadEvent, readEvent } from '../events/read-event';
import { Experiment } from '../experiments/experiment.entity';
import { ExposuresService } from '../experiments/exposures.service';
import { RollupsService } from '../rollups/rollups.service';

const DAY_MS = 86_400_000;
const PERSONAL_TABLES = Object.entries(analyticsDataMap).flatMap(([table, { person, others = {} }]) =>
  person === 'user_id' || 'user_id' in others ? [table] : [],
);

/** What people of the demo company have done. They do not exist: the version of their ids says so (`DemoId`). */
@Injectable()
export class DemoService {
  constructor(
    private readonly db: DataSource,
    private readonly events: EventsService,
    private readonly consents: ConsentsService,
    private readonly exposures: ExposuresService,
    private readonly rollups: RollupsService,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: { NODE_ENV: string },
  ) {}

  /** As what comes over the bus, but for its age. */
  take(past: RequestOf<typeof TakeDemoEvents>['body']['events']): Promise<AnswerOf<typeof TakeDemoEvents>> {
    refuseDemoInProduction('analytics', this.config);
    const now = this.clock.now();
    const events = past.map((event) => asCloudEvent(event));
    const fit: ReadEvent[] = [];
    const unfit: CloudEvent[] = [];
    for (const event of events) {
      const read = readEvent(event, now, { anyAge: true });
      if ('reason' in read) unfit.push(event);
      else fit.push(read);
    }
    return this.db.transaction(async (tx) => {
      for (const { data } of events.filter(({ type }) => type === ConsentGiven.type)) {
        const given = ConsentGiven.schema.parse(data);
        if (given.purpose === 'analytics') await this.consents.decide(tx, { ...given, given: true, at: given.givenAt });
      }
      const exposed = events.filter(({ type }) => type === ExposureRecorded.type);
      if (exposed.length > 0) await this.exposures.record(tx, exposed as EventOf<typeof ExposureRecorded>[]);
      await this.events.receive(tx, unfit);
      const { stored, known } = await this.events.keep(tx, fit);
      return { stored, known, quarantined: unfit.length };
    });
  }

  /** One that is there stays as it is. No service is told: it is at a place of which none asks. */
  async takeExperiment(
    id: string,
    { draft: { key, place, botId, ...plan }, startedAt }: RequestOf<typeof TakeDemoExperiment>['body'],
  ): Promise<void> {
    refuseDemoInProduction('analytics', this.config);
    await this.db.manager
      .createQueryBuilder()
      .insert()
      .into(Experiment)
      .values({
        ...{ id, key, place, botId, plan },
        ...{ state: 'running', decidedAutomatically: false, revision: 1 },
        ...{ createdAt: startedAt, startedAt, plannedEnd: new Date(startedAt.getTime() + (plan.days ?? 14) * DAY_MS) },
      })
      .orIgnore()
      .execute();
  }

  /**
   * Day by day, what was counted of it together with the events: whoever breaks off in the middle goes on when it is asked for again.
   * @returns how many events, and how many alerts
   * @throws EventsNotKept
   */
  async remove(): Promise<AnswerOf<typeof RemoveDemoEvents>> {
    refuseDemoInProduction('analytics', this.config);
    const [{ from, to, count }] = await this.db.query<[{ from: string | null; to: string; count: number }]>(
      `SELECT min(day)::text AS from, max(day)::text AS to, count(*)::integer AS count
       FROM (SELECT (occurred_at AT TIME ZONE 'UTC')::date AS day FROM events WHERE ${IS_DEMO_EVENT}) there`,
    );
    const without = `DELETE FROM events WHERE ${IS_DEMO_EVENT} AND occurred_at >= $1 AND occurred_at < $2`;
    if (from !== null)
      await this.rollups.rebuild(from, to, { before: (tx, begin, end) => tx.query(without, [begin, end]) });
    const alerts = await this.db.transaction(async (tx) => {
      const [, raised] = await tx.query<[unknown, number]>(DELETE_ALERTS);
      for (const table of PERSONAL_TABLES) await tx.query(`DELETE FROM ${table} WHERE ${IS_DEMO}`);
      await tx.query(`DELETE FROM quarantined_events WHERE ${isDemo('event_id')}`);
      await tx.query(`DELETE FROM experiments WHERE ${isDemo('id')}`);
      return raised;
    });
    return { removed: count, alerts };
  }
}

const IS_DEMO = isDemo('user_id');
/** Some are of nobody, such as visits of a page. */
const IS_DEMO_EVENT = `(${IS_DEMO} OR ${isDemo('event_id')})`;

/** Of people of the demo, and of bots of which nothing is left without these. */
const DELETE_ALERTS = `DELETE FROM alerts WHERE ${IS_DEMO} OR NOT EXISTS (
  SELECT FROM (SELECT bot_id FROM events UNION ALL SELECT bot_id FROM measures UNION ALL SELECT bot_id FROM anonymous_measures) rest
  WHERE alerts.bot_id IS NULL OR rest.bot_id = alerts.bot_id)`;

const asCloudEvent = (event: RequestOf<typeof TakeDemoEvents>['body']['events'][number]): CloudEvent => ({
  ...event,
  specversion: '1.0',
  datacontenttype: 'application/json',
});
