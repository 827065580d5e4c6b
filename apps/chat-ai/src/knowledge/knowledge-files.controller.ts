import { Controller } from '@nestjs/common';
import { DownloadKnowledgeFile, ReplaceKnowledgeFile, UploadKnowledgeFile } from '@switchboard/contracts';
import { type AnswerOf, Implements, type RequestOf } from '@switchboard/service-kit';
import { DataSource } from 'typeorm';
import { KnowledgeDocumentsService } from './knowledge-documents.service';
import { KnowledgeFilesService } from './knowledge-files.service';

@Controller()
export class KnowledgeFilesController {
  constructor(
    private readonly db: DataSource,
    private readonly files: KnowledgeFilesService,
    private readonly documents: KnowledgeDocumentsService,
  ) {}

  @Implements(UploadKnowledgeFile)
  async upload({
    params: { botId },
    query,
    body,
    actor,
  }: RequestOf<typeof UploadKnowledgeFile>): Promise<AnswerOf<typeof UploadKnowledgeFile>> {
    const id = await this.files.upload(botId, { file: body.file, title: body.fields.title, actor });
    return this.documents.read(this.db.manager, botId, id, query.locale);
  }

  @Implements(ReplaceKnowledgeFile)
  async replace({
    params,
    query,
    body,
    ifMatch,
    actor,
  }: RequestOf<typeof ReplaceKnowledgeFile>): Promise<AnswerOf<typeof ReplaceKnowledgeFile>> {
    await this.files.replace(params, { file: body.file, title: body.fields.title, actor }, ifMatch);
    return this.documents.read(this.db.manager, params.botId, params.documentId, query.locale);
  }

  @Implements(DownloadKnowledgeFile)
  download({ params }: RequestOf<typeof DownloadKnowledgeFile>): Promise<AnswerOf<typeof DownloadKnowledgeFile>> {
    return this.files.download(params.botId, params.documentId);
  }
}
