import type { EventDefinition, EventOf } from '@switchboard/contracts';
import { Jobs, Schedules } from '@switchboard/service-kit';
import { type TestApp, until } from '@switchboard/testing';

/** Waits for an event while failed jobs are tried again at once, and not after their growing pauses. */
export function untilSaid<E extends EventDefinition>(
  app: TestApp,
  definition: E,
  fits: (event: EventOf<E>) => boolean = () => true,
): Promise<EventOf<E>> {
  return until(
    async () => {
      await hurryFailedJobs(app);
      return app.probe.all(definition).find(fits);
    },
    { what: definition.type },
  );
}

export async function hurryFailedJobs({ service }: TestApp): Promise<void> {
  // The runner looks once a second, and at once when it is notified as by a new job.
  await service.db.query(`
    WITH hurried AS (
      UPDATE tts_worker_jobs._private_jobs SET run_at = now()
      WHERE run_at > now() AND attempts > 0 AND locked_at IS NULL RETURNING id
    )
    SELECT pg_notify('jobs:insert', json_build_object('r', random(), 'count', count(*))::text) FROM hurried HAVING count(*) > 0`);
}

/** What is left of jobs whose last try died with its process. */
export async function giveUpJobs({ service }: TestApp, name: string): Promise<void> {
  await service.db.query(
    `UPDATE tts_worker_jobs._private_jobs SET attempts = max_attempts, locked_at = NULL, locked_by = NULL
     WHERE task_id = (SELECT id FROM tts_worker_jobs._private_tasks WHERE identifier = $1)`,
    [name],
  );
}

/** Runs the schedule that looks for lost work, and calls `end`, which ends all jobs of a name, when it has looked at half. */
export async function lookForLostWhile(
  { service: { db, nest }, clock }: TestApp,
  { schedule, job, end }: { schedule: string; job: string; end: () => void },
): Promise<void> {
  const jobs = nest.get(Jobs);
  const alive = jobs.alive.bind(jobs);
  jest.spyOn(jobs, 'alive').mockImplementationOnce(async (tx, keys) => {
    end();
    const left = () => db.query<unknown[]>('SELECT FROM tts_worker_jobs.jobs WHERE task_identifier = $1', [job]);
    await until(async () => (await left()).length === 0, { what: `the end of ${job}` });
    return alive(tx, keys);
  });
  await nest.get(Schedules).runSlot(schedule, clock.now());
  const done = 'SELECT FROM schedules WHERE job = $1 AND last_success_slot = last_slot';
  await until(async () => (await db.query<unknown[]>(done, [schedule])).length === 1, {
    what: `the end of ${schedule}`,
  });
}
