import { Controller } from '@nestjs/common';
import { ReadMyNewsSettings, SetMyNewsSettings } from '@switchboard/contracts';
import { type AnswerOf, asActor, Implements, type RequestOf } from '@switchboard/service-kit';
import { DataSource } from 'typeorm';
import { NewsSettingsService } from './news-settings.service';

/** What people want of news, for themselves. */
@Controller()
export class NewsSettingsController {
  constructor(
    private readonly db: DataSource,
    private readonly settings: NewsSettingsService,
  ) {}

  @Implements(ReadMyNewsSettings)
  read({ actor, query }: RequestOf<typeof ReadMyNewsSettings>): Promise<AnswerOf<typeof ReadMyNewsSettings>> {
    return asActor(this.db, actor, (tx) => this.settings.read(tx, query.botId, actor.id));
  }

  @Implements(SetMyNewsSettings)
  set({ actor, query, body }: RequestOf<typeof SetMyNewsSettings>): Promise<AnswerOf<typeof SetMyNewsSettings>> {
    return asActor(this.db, actor, (tx) => this.settings.set(tx, query.botId, actor.id, body));
  }
}
