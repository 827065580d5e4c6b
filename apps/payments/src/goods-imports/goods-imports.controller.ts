import { Controller } from '@nestjs/common';
import { ApplyGoodsImport, ExportGoods, OpenGoodsImport, ReadGoodsImport } from '@switchboard/contracts';
import { type AnswerOf, Implements, type RequestOf } from '@switchboard/service-kit';
import { DataSource } from 'typeorm';
import { GoodsExportService } from './goods-export.service';
import { GoodsImportsJobs } from './goods-imports.jobs';
import { GoodsImportsService } from './goods-imports.service';

@Controller()
export class GoodsImportsController {
  constructor(
    private readonly db: DataSource,
    private readonly imports: GoodsImportsService,
    private readonly jobs: GoodsImportsJobs,
    private readonly exports: GoodsExportService,
  ) {}

  @Implements(OpenGoodsImport)
  open(request: RequestOf<typeof OpenGoodsImport>): Promise<AnswerOf<typeof OpenGoodsImport>> {
    return this.imports.open(request);
  }

  @Implements(ReadGoodsImport)
  read(request: RequestOf<typeof ReadGoodsImport>): Promise<AnswerOf<typeof ReadGoodsImport>> {
    return this.imports.get(request);
  }

  @Implements(ApplyGoodsImport)
  apply(request: RequestOf<typeof ApplyGoodsImport>): Promise<AnswerOf<typeof ApplyGoodsImport>> {
    return this.db.transaction(async (tx) => {
      const begun = await this.imports.begin(tx, request);
      await this.jobs.begin(tx, begun.id);
      return begun;
    });
  }

  @Implements(ExportGoods)
  export(request: RequestOf<typeof ExportGoods>): Promise<AnswerOf<typeof ExportGoods>> {
    return this.exports.write(request);
  }
}
