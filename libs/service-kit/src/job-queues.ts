/** How many jobs can at most be at work in queues of their own; the others share. Why so many: ADR 14. */
export const QUEUES = 256;
/** Random places that are looked at before a busy one is taken. */
const TRIES = 5;
/** So many jobs that wait are done about as fast as one that has run for a second. */
const WAITING_PER_SECOND = 10;

/** Not given up, or being done for the last time. */
const IS_ALIVE = '(job.is_available OR job.locked_at IS NOT NULL)';

/**
 * graphile-worker keeps a row for each name of a queue, locks the rows of all free queues whenever it looks for jobs, and has no
 * safe way to remove one. So there is a fixed number of them, and a queue such as `chat:42` is given one for as long as it has
 * jobs: the one that its jobs are in, or else one that nobody is in. This makes what `Jobs.add` calls for that, and an index of the
 * few jobs that are being done, for JobLeases.
 */
export const jobQueuesOf = (schema: string): string => `
  CREATE INDEX IF NOT EXISTS jobs_by_queue ON ${schema}._private_jobs ((payload->>'_queue')) WHERE payload->>'_queue' IS NOT NULL;
  CREATE INDEX IF NOT EXISTS jobs_by_place ON ${schema}._private_jobs (job_queue_id) WHERE job_queue_id IS NOT NULL;
  CREATE INDEX IF NOT EXISTS jobs_by_worker ON ${schema}._private_jobs (locked_by) WHERE locked_by IS NOT NULL;
  CREATE OR REPLACE FUNCTION ${schema}.add_job_in_queue(
    identifier text, payload json, run_at timestamptz, max_attempts integer, job_key text, priority integer
  ) RETURNS void LANGUAGE plpgsql AS $$
  DECLARE
    queue text := payload->>'_queue';
    place text;
  BEGIN
    -- Two that add to one queue at the same time must come to the same place.
    PERFORM pg_advisory_xact_lock(hashtextextended('${schema} ' || queue, 0));
    SELECT queue_name INTO place FROM ${schema}._private_jobs job JOIN ${schema}._private_job_queues ON job_queue_id = _private_job_queues.id
      WHERE job.payload->>'_queue' = queue AND ${IS_ALIVE} LIMIT 1;
    IF place IS NULL AND payload->>'_atOnce' IS NOT NULL THEN
      -- Where one is the next soonest. What is being done for long will take long.
      SELECT shared INTO place FROM (
        SELECT split_part(queue, ':', 1) || '#' || n AS shared FROM generate_series(1, (payload->>'_atOnce')::integer) n) places
      ORDER BY (
        SELECT count(*) + ${WAITING_PER_SECOND} * coalesce(extract(epoch FROM max(clock_timestamp() - job.locked_at)), 0)
        FROM ${schema}._private_jobs job
        WHERE job_queue_id = (SELECT id FROM ${schema}._private_job_queues WHERE queue_name = shared) AND ${IS_ALIVE}
      ), random() LIMIT 1;
    ELSIF place IS NULL THEN
      FOR i IN 1..${TRIES} LOOP
        place := '#' || floor(random() * ${QUEUES});
        -- Nor must two queues take one place, as long as there are others. The lock is for those that have not committed yet.
        EXIT WHEN pg_try_advisory_xact_lock(hashtextextended('${schema} ' || place, 0)) AND NOT EXISTS (
          SELECT FROM ${schema}._private_jobs job
          WHERE job_queue_id = (SELECT id FROM ${schema}._private_job_queues WHERE queue_name = place) AND ${IS_ALIVE});
      END LOOP;
    END IF;
    PERFORM ${schema}.add_job(identifier, payload, place, run_at, max_attempts, job_key, priority);
  END $$;`;
