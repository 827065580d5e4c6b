import { Controller } from '@nestjs/common';
import {
  CopyAuditSignatures,
  ExportAuditEntries,
  ListAuditEntries,
  ListAuditKeys,
  ListAuditVerifications,
  ListOwnAuditEntries,
  ProveAuditEntry,
  ProveAuditExport,
  ReadAuditEntry,
  ReadAuditVerification,
  RequestAuditVerification,
} from '@switchboard/contracts';
import { type AnswerOf, Cursors, Implements, type RequestOf } from '@switchboard/service-kit';
import { Readable } from 'node:stream';
import type { EntityManager } from 'typeorm';
import type { AuditEntryRow } from './audit-entry.entity';
import { AuditCopiesService } from './audit-copies.service';
import { AuditVerificationsService } from './audit-verifications.service';
import { AuditJobs } from './audit.jobs';
import { type AuditFilter, AuditService } from './audit.service';

@Controller()
export class AuditController {
  constructor(
    private readonly cursors: Cursors,
    private readonly audit: AuditService,
    private readonly copies: AuditCopiesService,
    private readonly verifications: AuditVerificationsService,
    private readonly jobs: AuditJobs,
  ) {}

  @Implements(ListAuditEntries)
  list(request: RequestOf<typeof ListAuditEntries>): Promise<AnswerOf<typeof ListAuditEntries>> {
    return this.page(request, { ...request.query, bots: request.actor.bots });
  }

  @Implements(ListOwnAuditEntries)
  listOwn(request: RequestOf<typeof ListOwnAuditEntries>): Promise<AnswerOf<typeof ListOwnAuditEntries>> {
    const { kind, id } = request.actor;
    return this.page(request, { ...request.query, actorKind: kind, actorId: id });
  }

  @Implements(ReadAuditEntry)
  read({ params, actor }: RequestOf<typeof ReadAuditEntry>): Promise<AnswerOf<typeof ReadAuditEntry>> {
    return this.audit.read(params.entryId, actor.bots);
  }

  @Implements(ProveAuditEntry)
  prove({ params }: RequestOf<typeof ProveAuditEntry>): Promise<AnswerOf<typeof ProveAuditEntry>> {
    return this.audit.prove(params.entryId);
  }

  @Implements(ExportAuditEntries)
  async export({ query, actor }: RequestOf<typeof ExportAuditEntries>): Promise<AnswerOf<typeof ExportAuditEntries>> {
    const { format, ...filter } = query;
    const contentType = format === 'csv' ? 'text/csv; charset=utf-8' : 'application/x-ndjson';
    return { body: Readable.from(await this.audit.exportAs(actor, format, filter)), contentType };
  }

  @Implements(ProveAuditExport)
  async proveExport({ query, actor }: RequestOf<typeof ProveAuditExport>): Promise<AnswerOf<typeof ProveAuditExport>> {
    return { body: Readable.from(await this.audit.proofOf(actor, query)) };
  }

  @Implements(ListAuditVerifications)
  async listVerifications(
    request: RequestOf<typeof ListAuditVerifications>,
  ): Promise<AnswerOf<typeof ListAuditVerifications>> {
    const rows = await this.verifications.list(this.cursors.position(request), request.query.limit + 1);
    return this.cursors.page(request, rows, ({ id }) => [id]);
  }

  @Implements(RequestAuditVerification)
  async requestVerification(
    _request: RequestOf<typeof RequestAuditVerification>,
    tx: EntityManager,
  ): Promise<AnswerOf<typeof RequestAuditVerification>> {
    return { verificationId: await this.verifications.request(tx) };
  }

  @Implements(ReadAuditVerification)
  readVerification({
    params,
  }: RequestOf<typeof ReadAuditVerification>): Promise<AnswerOf<typeof ReadAuditVerification>> {
    return this.verifications.read(params.verificationId);
  }

  @Implements(ListAuditKeys)
  async listKeys(): Promise<AnswerOf<typeof ListAuditKeys>> {
    return { keys: await this.copies.keyList() };
  }

  @Implements(CopyAuditSignatures)
  async copySignatures(_request: RequestOf<typeof CopyAuditSignatures>, tx: EntityManager): Promise<void> {
    await this.jobs.requestCopies(tx);
  }

  private async page(
    request: RequestOf<typeof ListAuditEntries> | RequestOf<typeof ListOwnAuditEntries>,
    filter: AuditFilter,
  ): Promise<AnswerOf<typeof ListAuditEntries>> {
    const rows = await this.audit.list(filter, this.cursors.position(request), request.query.limit + 1);
    const keyOf = ({ at, stream, seq }: AuditEntryRow) => [at.toISOString(), stream, seq];
    const { data, page } = this.cursors.page(request, rows, keyOf);
    return { data: await this.audit.entriesOf(data), page };
  }
}
