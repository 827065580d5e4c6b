import { Controller } from '@nestjs/common';
import { CheckArchivedDay, ImportArchivedDay, ListArchivedDays } from '@switchboard/contracts';
import { type AnswerOf, Implements, type RequestOf } from '@switchboard/service-kit';
import { ArchiveService } from './archive.service';

@Controller()
export class ArchiveController {
  constructor(private readonly archive: ArchiveService) {}

  @Implements(ListArchivedDays)
  async list(request: RequestOf<typeof ListArchivedDays>): Promise<AnswerOf<typeof ListArchivedDays>> {
    const { data, page } = await this.archive.list(request);
    return { data: data.map(({ files, eventsHere: _, ...day }) => ({ ...day, files: files.length })), page };
  }

  @Implements(ImportArchivedDay)
  import({ params, query }: RequestOf<typeof ImportArchivedDay>): Promise<AnswerOf<typeof ImportArchivedDay>> {
    return this.archive.importDay(params.day, query.heldDays);
  }

  @Implements(CheckArchivedDay)
  check({ params }: RequestOf<typeof CheckArchivedDay>): Promise<AnswerOf<typeof CheckArchivedDay>> {
    return this.archive.check(params.day);
  }
}
