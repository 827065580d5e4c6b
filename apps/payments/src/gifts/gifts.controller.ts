import { Controller } from '@nestjs/common';
import { ListMyGifts, type LocalizedText, OpenGift, PreviewGift } from '@switchboard/contracts';
import { type AnswerOf, asActor, Cursors, Implements, type RequestOf } from '@switchboard/service-kit';
import { DataSource, EntityManager, In } from 'typeorm';
import { Order } from '../orders/order.entity';
import { SubscriptionViews } from '../subscriptions/subscription-views.service';
import { Gift } from './gift.entity';
import { GiftsService } from './gifts.service';

@Controller()
export class GiftsController {
  constructor(
    private readonly db: DataSource,
    private readonly gifts: GiftsService,
    private readonly views: SubscriptionViews,
    private readonly cursors: Cursors,
  ) {}

  @Implements(ListMyGifts)
  mine(request: RequestOf<typeof ListMyGifts>): Promise<AnswerOf<typeof ListMyGifts>> {
    const { actor, query } = request;
    return asActor(this.db, actor, async (tx) => {
      const rows = tx.createQueryBuilder(Gift, 'g').where('g.userId = :userId', { userId: actor.id });
      if (query.botId) rows.andWhere('g.botId = :botId', { botId: query.botId });
      const { data, page } = await this.cursors.select(request, rows, ['id']);
      const orders = await tx.findBy(Order, { id: In(data.map(({ orderId }) => orderId)) });
      const titles = new Map<string, LocalizedText>(orders.map(({ id, title }) => [id, title]));
      const shown = data.map(async (gift) => {
        const { id, botId, orderId, state, expiresAt, openedAt } = gift;
        const about = { id, botId, orderId, state, expiresAt, openedAt, title: titles.get(orderId)! };
        return { ...about, ...(await this.gifts.passedOn(tx, gift)) };
      });
      return { data: await Promise.all(shown), page };
    });
  }

  /** In the service's name, as `open`: the gift is somebody else's. */
  @Implements(PreviewGift)
  preview({ actor, body }: RequestOf<typeof PreviewGift>): Promise<AnswerOf<typeof PreviewGift>> {
    return this.gifts.preview(this.db.manager, actor.id, body.code);
  }

  @Implements(OpenGift)
  async open({ actor, body }: RequestOf<typeof OpenGift>, tx: EntityManager): Promise<AnswerOf<typeof OpenGift>> {
    return this.views.one(tx, await this.gifts.open(tx, actor.id, body.code, body.region));
  }
}
