import { Controller } from '@nestjs/common';
import { MAIL_NOTICE_GROUPS, ReadMyMailNotices, SetMyMailNotices } from '@switchboard/contracts';
import { type AnswerOf, asActor, Implements, type RequestOf } from '@switchboard/service-kit';
import { DataSource } from 'typeorm';
import { MailSettings } from './mail-settings.entity';

@Controller()
export class MailNoticesController {
  constructor(private readonly db: DataSource) {}

  @Implements(ReadMyMailNotices)
  async read({ actor }: RequestOf<typeof ReadMyMailNotices>): Promise<AnswerOf<typeof ReadMyMailNotices>> {
    const settings = await asActor(this.db, actor, (tx) => tx.findOneBy(MailSettings, { userId: actor.id }));
    return { switchedOff: MAIL_NOTICE_GROUPS.filter((group) => settings?.switchedOff.includes(group)) };
  }

  @Implements(SetMyMailNotices)
  async set({ actor, body }: RequestOf<typeof SetMyMailNotices>): Promise<AnswerOf<typeof SetMyMailNotices>> {
    const switchedOff = MAIL_NOTICE_GROUPS.filter((group) => body.switchedOff.includes(group));
    await asActor(this.db, actor, (tx) => tx.upsert(MailSettings, { userId: actor.id, switchedOff }, ['userId']));
    return { switchedOff };
  }
}
