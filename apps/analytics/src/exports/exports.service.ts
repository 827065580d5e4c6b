import { Inject, Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import {
  type Actor,
  type DownloadExport,
  ExportedReport,
  type ListExports,
  OpenExport,
  type ReadExport,
  AuditEntryAppendRequested,
} from '@switchboard/contracts';
import {
  type AnswerOf,
  auditEntry,
  Clock,
  Cursors,
  DomainError,
  FieldCipher,
  Jobs,
  MEDIA_STORAGE,
  type MediaStorage,
  type RequestOf,
} from '@switchboard/service-kit';
import { DataSource, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { Export, fileKeyOf, jobKeyOf } from './export.entity';
import { WriteExport } from './exports.jobs';

class ExportNotFound extends DomainError {
  constructor() {
    super('analytics.export_not_found', 'There is no such export', 404);
  }
}

class ExportLinkInvalid extends DomainError {
  constructor() {
    super('analytics.export_link_invalid', 'The link is wrong, or older than a day: ask for the export again', 404);
  }
}

/** Of writing one; then it has failed. */
const ATTEMPTS = 5;
const LINK = 'exports.link';
const CONTENT_TYPES = {
  csv: 'text/csv; charset=utf-8',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
};

/** Reports as files: asked for, followed, and read by a link that expires. */
@Injectable()
export class ExportsService {
  constructor(
    private readonly db: DataSource,
    private readonly jobs: Jobs,
    private readonly outbox: Outbox,
    private readonly cursors: Cursors,
    private readonly cipher: FieldCipher,
    private readonly clock: Clock,
    @Inject(MEDIA_STORAGE) private readonly media: MediaStorage,
  ) {}

  async open(tx: EntityManager, { body, actor }: RequestOf<typeof OpenExport>): Promise<AnswerOf<typeof OpenExport>> {
    const request = { ...body, of: ExportedReport.encode(body.of) };
    const row: Export = {
      ...{ id: uuidv7(), owner: ownerOf(actor), bots: actor.bots ?? null, request, state: 'waiting' },
      ...{
        rows: null,
        totalRows: null,
        keptFrom: null,
        bytes: null,
        problem: null,
        createdAt: this.clock.now(),
        finishedAt: null,
        expiresAt: null,
      },
    };
    await tx.insert(Export, row as never);
    await this.jobs.add(tx, WriteExport, { exportId: row.id }, { key: jobKeyOf(row.id), maxAttempts: ATTEMPTS });
    await this.outbox.add(
      tx,
      AuditEntryAppendRequested(
        auditEntry(actor, OpenExport, {
          resourceType: 'export',
          resourceId: row.id,
          after: { of: request.of, format: request.format },
        }),
      ),
    );
    return this.shown(row);
  }

  async list(request: RequestOf<typeof ListExports>): Promise<AnswerOf<typeof ListExports>> {
    const query = this.db.manager
      .createQueryBuilder(Export, 'export')
      .where('export.owner = :owner', { owner: ownerOf(request.actor) });
    const { data, page } = await this.cursors.select(request, query, ['id']);
    return { data: data.map((row) => this.shown(row)), page };
  }

  async read({ params, actor }: RequestOf<typeof ReadExport>): Promise<AnswerOf<typeof ReadExport>> {
    const row = await this.db.manager.findOneBy(Export, { id: params.exportId, owner: ownerOf(actor) });
    if (!row) throw new ExportNotFound();
    return this.shown(row);
  }

  /** For whoever has the link, which tells nothing but that it is one of ours. */
  async download({ params, query }: RequestOf<typeof DownloadExport>): Promise<AnswerOf<typeof DownloadExport>> {
    const { exportId } = params;
    if (!this.isLink(exportId, query.token)) throw new ExportLinkInvalid();
    const row = await this.db.manager.findOneBy(Export, { id: exportId, state: 'done' });
    const file = row && (await this.media.open(fileKeyOf(row)));
    if (!file) throw new ExportLinkInvalid();
    return { ...file, contentType: CONTENT_TYPES[row.request.format], fileName: fileNameOf(row) };
  }

  private shown(row: Export): AnswerOf<typeof ReadExport> {
    const { id, state, createdAt, finishedAt, rows, totalRows, keptFrom, bytes, problem, expiresAt, request } = row;
    const isThere = state === 'done' && expiresAt! > this.clock.now();
    return {
      ...{ id, createdAt, finishedAt, rows, totalRows, keptFrom, bytes, problem, expiresAt },
      report: request.of.report,
      botId: request.of.query.botId ?? null,
      from: 'from' in request.of.query ? request.of.query.from : null,
      to: 'to' in request.of.query ? request.of.query.to : null,
      format: request.format,
      state: state === 'done' && !isThere ? 'expired' : state,
      fileName: fileNameOf(row),
      link: isThere ? `/v1/analytics/exports/${id}/file?token=${this.linkTo(id, expiresAt!)}` : null,
    };
  }

  private linkTo(id: string, until: Date): string {
    return this.cipher.encrypt(until.toISOString(), LINK, id);
  }

  private isLink(id: string, token: string): boolean {
    try {
      return new Date(this.cipher.decrypt(token, LINK, id)) > this.clock.now();
    } catch {
      return false;
    }
  }
}

const ownerOf = ({ kind, id }: Actor): string => `${kind}:${id}`;

/** `growth-2026-11-27.xlsx`, by the day on which it was asked for. */
const fileNameOf = ({ request, createdAt }: Export): string =>
  `${request.of.report}-${createdAt.toISOString().slice(0, 10)}.${request.format}`;
