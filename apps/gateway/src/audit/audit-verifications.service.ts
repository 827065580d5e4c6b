import { Inject, Injectable } from '@nestjs/common';
import { Clock, defineJob, DomainError, Jobs, LOG, type Log, type Position } from '@switchboard/service-kit';
import { Gauge, Registry } from 'prom-client';
import { DataSource, type EntityManager, IsNull, Not } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { KEPT_YEARS, NOTHING, ORDINARY_STREAMS, STREAMS } from './audit-chain';
import { type Finding, StreamCheck } from './audit-checks';
import { AuditEntryRow, chained } from './audit-entry.entity';
import { AuditCopiesService } from './audit-copies.service';
import { AuditRootsService } from './audit-roots.service';
import { AuditVerification } from './audit-verification.entity';

class AuditVerificationNotFound extends DomainError {
  constructor(verificationId: string) {
    super('gateway.audit_verification_not_found', 'There is no such verification, or no longer', 404, {
      verificationId,
    });
  }
}

export const VerifyAudit = defineJob('verify-audit-log', z.object({ verificationId: z.uuid() }));
const QUEUE = 'verify-audit-log';
const jobOf = (verificationId: string) => `verify-audit-log:${verificationId}`;
const MAX_ATTEMPTS = 3;

const BATCH = 500;
const KEPT_FINDINGS = 100;

/** Looks at the whole log: whether every entry is what its hash was made of, and all of it what was signed. */
@Injectable()
export class AuditVerificationsService {
  constructor(
    private readonly db: DataSource,
    private readonly roots: AuditRootsService,
    private readonly copies: AuditCopiesService,
    private readonly jobs: Jobs,
    private readonly clock: Clock,
    registry: Registry,
    @Inject(LOG) private readonly log: Log,
  ) {
    // Both are read from the database: every process tells the same.
    gauge(registry, 'audit_findings', 'What did not fit when the audit log was verified last.', () =>
      db.query(`SELECT found AS value FROM audit_verifications WHERE ended_at IS NOT NULL ORDER BY id DESC LIMIT 1`),
    );
    gauge(registry, 'audit_unsigned_seconds', 'Age of the oldest entry of the audit log that is not signed.', () =>
      db.query(
        `SELECT coalesce(max(greatest(0, extract(epoch FROM now() - entry.at))), 0)::float8 AS value
         FROM audit_streams head
         CROSS JOIN LATERAL (SELECT coalesce(max(to_seq), 0) AS seq FROM audit_segments WHERE stream = head.stream) signed
         JOIN audit_entries entry ON entry.stream = head.stream AND entry.seq = signed.seq + 1`,
      ),
    );
  }

  /** Each reads the whole log, so there is one at a time. @returns the id of the one that goes on, else of a new one */
  async request(tx: EntityManager): Promise<string> {
    await tx.query(`SELECT pg_advisory_xact_lock(hashtext('audit verifications'), hashtext(current_schema()))`);
    const open = await tx.findBy(AuditVerification, { endedAt: IsNull() });
    const alive = await this.jobs.alive(
      tx,
      open.map(({ id }) => jobOf(id)),
    );
    for (const { id } of open) if (!alive.has(jobOf(id))) await this.giveUp(id, 'its job was lost', tx);
    const goesOn = open.find(({ id }) => alive.has(jobOf(id)));
    if (goesOn) return goesOn.id;
    const id = await this.begin(tx);
    const options = { key: jobOf(id), queue: QUEUE, maxAttempts: MAX_ATTEMPTS };
    await this.jobs.add(tx, VerifyAudit, { verificationId: id }, options);
    return id;
  }

  async begin(tx: EntityManager): Promise<string> {
    const id = uuidv7();
    await tx.insert(AuditVerification, { id, requestedAt: this.clock.now() });
    return id;
  }

  /** A verification that could not be brought to its end has found nothing out, and that is worth an alarm. */
  async giveUp(id: string, why: string, tx: EntityManager = this.db.manager): Promise<void> {
    const findings: Finding[] = [{ kind: 'not_verified', message: `the log was not verified: ${why}` }];
    await tx.update(AuditVerification, { id, endedAt: IsNull() }, { endedAt: this.clock.now(), found: 1, findings });
  }

  /** Whether the last one that has ended found something. */
  async hasFindings(): Promise<boolean> {
    const where = { endedAt: Not(IsNull()) };
    const last = await this.db.manager.findOne(AuditVerification, { where, order: { id: 'DESC' } });
    return (last?.found ?? 0) > 0;
  }

  /** The newest first. */
  list(position: Position | undefined, limit: number): Promise<AuditVerification[]> {
    const backwards = position?.direction === 'prev';
    const query = this.db.createQueryBuilder(AuditVerification, 'v').limit(limit);
    if (position) query.where(`v.id ${backwards ? '>' : '<'} :from`, { from: position.key[0] });
    return query.orderBy('v.id', backwards ? 'ASC' : 'DESC').getMany();
  }

  async read(id: string): Promise<AuditVerification> {
    const verification = await this.db.manager.findOneBy(AuditVerification, { id });
    if (!verification) throw new AuditVerificationNotFound(id);
    return verification;
  }

  /** @param signal when it is aborted, nothing is noted */
  async verify(id: string, signal: AbortSignal): Promise<void> {
    // First the roots: whatever they have signed is there when the streams are looked at.
    const roots = await this.copies.verify(signal);
    const findings = [...roots.findings];
    let entries = 0;
    for (let stream = 0; stream < STREAMS; stream++) {
      const verified = await this.verifyStream(stream, roots.last, signal);
      findings.push(...verified.findings);
      entries += verified.entries;
    }
    for (const finding of findings.slice(0, KEPT_FINDINGS))
      this.log.error(finding, 'verification of the audit log failed');
    await this.db.manager.update(
      AuditVerification,
      { id },
      {
        endedAt: this.clock.now(),
        entries,
        roots: roots.count,
        found: findings.length,
        findings: findings.slice(0, KEPT_FINDINGS),
      },
    );
  }

  /** All but the newest of them. */
  async forgetBefore(time: Date): Promise<void> {
    await this.db.query(
      `DELETE FROM audit_verifications WHERE requested_at < $1
         AND id <> (SELECT id FROM audit_verifications WHERE ended_at IS NOT NULL ORDER BY id DESC LIMIT 1)`,
      [time],
    );
  }

  /** @param root the last that counts: what was signed later may be of entries that come later */
  private async verifyStream(
    stream: number,
    root: number,
    signal: AbortSignal,
  ): Promise<{ findings: Finding[]; entries: number }> {
    const years = stream < ORDINARY_STREAMS ? KEPT_YEARS.ordinary : KEPT_YEARS.money;
    const [{ seq, hash, kept }] = (await this.db.query(
      `SELECT coalesce(max(seq), 0)::float8 AS seq, coalesce(max(encode(hash, 'hex')), $3) AS hash,
         now() - make_interval(years => $2) AS kept FROM audit_streams WHERE stream = $1`,
      [stream, years, NOTHING],
    )) as [{ seq: number; hash: string; kept: Date }];
    const check = new StreamCheck(stream, this.roots.segmentsOf(stream, root), kept.toISOString());
    let entries = 0;
    for (let after = 0; ;) {
      signal.throwIfAborted();
      // What is written meanwhile is for the next time.
      const rows = await this.db
        .createQueryBuilder(AuditEntryRow, 'e')
        .where('e.stream = :stream AND e.seq > :after AND e.seq <= :seq', { stream, after, seq })
        .orderBy('e.seq')
        .limit(BATCH)
        .getMany();
      for (const row of rows) await check.entry(chained(row));
      entries += rows.length;
      if (rows.length < BATCH) break;
      after = rows.at(-1)!.seq;
    }
    await check.end({ seq, hash });
    return { findings: check.findings, entries };
  }
}

/** @param read of a value; when there is none, or the database is away, the metric is absent */
function gauge(registry: Registry, name: string, help: string, read: () => Promise<{ value: number }[]>): void {
  new Gauge({
    name,
    help,
    registers: [registry],
    async collect() {
      const [row] = await read().catch(() => []);
      if (row) this.set(row.value);
      else this.remove();
    },
  });
}
