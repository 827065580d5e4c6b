import { Controller } from '@nestjs/common';
import {
  CreateMyLink,
  EndMyLink,
  ListMyLinks,
  ListMyRewards,
  ReadMyReferrals,
  UseReferral,
} from '@switchboard/contracts';
import { type AnswerOf, asActor, Cursors, Implements, type RequestOf } from '@switchboard/service-kit';
import { DataSource, EntityManager } from 'typeorm';
import { ReferralViews } from './referral-views.service';
import { ReferralsService } from './referrals.service';
import { Reward } from './reward.entity';

@Controller()
export class ReferralsController {
  constructor(
    private readonly db: DataSource,
    private readonly referrals: ReferralsService,
    private readonly views: ReferralViews,
    private readonly cursors: Cursors,
  ) {}

  @Implements(ReadMyReferrals)
  mine({ actor, query }: RequestOf<typeof ReadMyReferrals>): Promise<AnswerOf<typeof ReadMyReferrals>> {
    return asActor(this.db, actor, (tx) => this.views.mine(tx, actor.id, query.botId));
  }

  @Implements(ListMyRewards)
  rewards(request: RequestOf<typeof ListMyRewards>): Promise<AnswerOf<typeof ListMyRewards>> {
    const { actor, query } = request;
    return asActor(this.db, actor, async (tx) => {
      const rows = tx.createQueryBuilder(Reward, 'r').where('r.userId = :userId', { userId: actor.id });
      if (query.botId) rows.andWhere('r.botId = :botId', { botId: query.botId });
      const { data, page } = await this.cursors.select(request, rows, ['id']);
      return { data: data.map(({ createdAt: at, ...reward }) => ({ ...reward, at })), page };
    });
  }

  /** In the service's name: it decides by what others have said. */
  @Implements(UseReferral)
  async use({ actor, body }: RequestOf<typeof UseReferral>, tx: EntityManager): Promise<AnswerOf<typeof UseReferral>> {
    return { counted: await this.referrals.use(tx, body.botId, actor.id, body.code) };
  }

  @Implements(ListMyLinks)
  async links({ actor, query }: RequestOf<typeof ListMyLinks>): Promise<AnswerOf<typeof ListMyLinks>> {
    return { data: await asActor(this.db, actor, (tx) => this.views.links(tx, actor.id, query.botId)) };
  }

  @Implements(CreateMyLink)
  addLink({ actor, body }: RequestOf<typeof CreateMyLink>, tx: EntityManager): Promise<AnswerOf<typeof CreateMyLink>> {
    return asActor(tx, actor, async (own) =>
      this.views.link(await this.referrals.addLink(own, actor.id, body.botId, body.label)),
    );
  }

  @Implements(EndMyLink)
  endLink({ actor, params }: RequestOf<typeof EndMyLink>): Promise<void> {
    return asActor(this.db, actor, (tx) => this.referrals.endLink(tx, actor.id, params.linkId));
  }
}
