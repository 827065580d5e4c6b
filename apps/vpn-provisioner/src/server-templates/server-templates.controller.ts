import { Controller } from '@nestjs/common';
import { ListServerTemplates, RemoveServerTemplate, SetServerTemplate } from '@switchboard/contracts';
import { type AnswerOf, Implements, type RequestOf } from '@switchboard/service-kit';
import { DataSource } from 'typeorm';
import { ServerTemplatesService } from './server-templates.service';

@Controller()
export class ServerTemplatesController {
  constructor(
    private readonly db: DataSource,
    private readonly templates: ServerTemplatesService,
  ) {}

  @Implements(ListServerTemplates)
  list(): Promise<AnswerOf<typeof ListServerTemplates>> {
    return this.templates.list();
  }

  @Implements(SetServerTemplate)
  async set(request: RequestOf<typeof SetServerTemplate>): Promise<AnswerOf<typeof SetServerTemplate>> {
    await this.templates.check(request);
    return this.db.transaction((tx) => this.templates.set(tx, request));
  }

  @Implements(RemoveServerTemplate)
  remove(request: RequestOf<typeof RemoveServerTemplate>): Promise<void> {
    return this.db.transaction((tx) => this.templates.remove(tx, request));
  }
}
