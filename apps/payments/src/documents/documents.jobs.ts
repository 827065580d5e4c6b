import { Inject, Injectable } from '@nestjs/common';
import { defineJob, type JobRun, Jobs, LOG, type Log, type PayloadOf, Runs } from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';
import { z } from 'zod';
import { runInChild } from '../child-process';
import { DocumentsService } from './documents.service';

const MakeDocument = defineJob('make-document', z.object({ documentId: z.uuid() }));

const ATTEMPTS = 3;

@Injectable()
export class DocumentsJobs {
  constructor(
    private readonly jobs: Jobs,
    private readonly documents: DocumentsService,
    @Inject(LOG) private readonly log: Log,
  ) {}

  async make(tx: EntityManager, documentId: string): Promise<void> {
    await this.jobs.add(tx, MakeDocument, { documentId }, { key: `document:${documentId}`, maxAttempts: ATTEMPTS });
  }

  @Runs(MakeDocument)
  async run({ documentId }: PayloadOf<typeof MakeDocument>, { isLastAttempt }: JobRun): Promise<void> {
    try {
      const draft = await this.documents.draft(documentId);
      if (!draft) return;
      const pdf = z.instanceof(Uint8Array).parse(await runInChild(__dirname, 'pdf.process', draft));
      await this.documents.keep(documentId, Buffer.from(pdf.buffer, pdf.byteOffset, pdf.byteLength));
    } catch (error) {
      if (!isLastAttempt) throw error;
      this.log.error({ err: error, documentId }, 'a paper of an order could not be written');
      await this.documents.fail(documentId);
    }
  }
}
