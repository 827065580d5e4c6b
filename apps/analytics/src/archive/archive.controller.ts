import { Controller } from '@nestjs/common';
import { ImportArchivedDay, ListArchivedDays } from '@switchboard/contracts';
import { type AnswerOf, Cursors, Implements, type RequestOf } from '@switchboard/service-kit';
import { ArchiveService } from './archive.service';

@Controller()
export class ArchiveController {
  constructor(
    private readonly archive: ArchiveService,
    private readonly cursors: Cursors,
  ) {}

  @Implements(ListArchivedDays)
  async list(request: RequestOf<typeof ListArchivedDays>): Promise<AnswerOf<typeof ListArchivedDays>> {
    const rows = await this.archive.list(this.cursors.position(request), request.query.limit + 1);
    const { data, page } = this.cursors.page(request, rows, ({ day }) => [day]);
    return { data: data.map(({ files, ...day }) => ({ ...day, files: files.length })), page };
  }

  @Implements(ImportArchivedDay)
  import({ params }: RequestOf<typeof ImportArchivedDay>): Promise<AnswerOf<typeof ImportArchivedDay>> {
    return this.archive.importDay(params.day);
  }
}
