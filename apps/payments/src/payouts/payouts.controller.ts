import { Controller } from '@nestjs/common';
import {
  ApprovePayout,
  CompletePayout,
  ListMyPayouts,
  ListPayouts,
  ReadPayout,
  RefusePayout,
  RequestPayout,
  WithdrawPayout,
} from '@switchboard/contracts';
import { type AnswerOf, asActor, Cursors, Implements, type RequestOf } from '@switchboard/service-kit';
import { DataSource, EntityManager } from 'typeorm';
import { TermsService } from '../terms/terms.service';
import { Payout } from './payout.entity';
import { PayoutsService } from './payouts.service';

@Controller()
export class PayoutsController {
  constructor(
    private readonly db: DataSource,
    private readonly payouts: PayoutsService,
    private readonly terms: TermsService,
    private readonly cursors: Cursors,
  ) {}

  @Implements(ListMyPayouts)
  mine(request: RequestOf<typeof ListMyPayouts>): Promise<AnswerOf<typeof ListMyPayouts>> {
    const { actor, query } = request;
    return asActor(this.db, actor, async (tx) => {
      const about = { userId: actor.id, botId: query.botId };
      const rows = tx.createQueryBuilder(Payout, 'p').where('p.userId = :userId AND p.botId = :botId', about);
      const payable = await this.payouts.payable(tx, actor.id, query.botId);
      const least = (await this.terms.referrals(tx, query.botId))?.leastPayouts ?? [];
      return { ...(await this.cursors.select(request, rows, ['id'])), payable, least };
    });
  }

  /** In the service's name: what is set aside is booked by nobody themselves. */
  @Implements(RequestPayout)
  request(
    { actor, body }: RequestOf<typeof RequestPayout>,
    tx: EntityManager,
  ): Promise<AnswerOf<typeof RequestPayout>> {
    return this.payouts.request(tx, actor.id, body);
  }

  @Implements(WithdrawPayout)
  withdraw(
    { actor, params }: RequestOf<typeof WithdrawPayout>,
    tx: EntityManager,
  ): Promise<AnswerOf<typeof WithdrawPayout>> {
    return this.payouts.withdraw(tx, actor.id, params.payoutId);
  }

  @Implements(ListPayouts)
  list(request: RequestOf<typeof ListPayouts>): Promise<AnswerOf<typeof ListPayouts>> {
    const { actor, query } = request;
    const rows = this.db.manager.createQueryBuilder(Payout, 'p');
    if (actor.bots) rows.andWhere('p.botId = ANY(:bots)', { bots: actor.bots });
    for (const name of ['botId', 'state', 'userId'] as const)
      if (query[name]) rows.andWhere(`p.${name} = :${name}`, { [name]: query[name] });
    return this.cursors.select(request, rows, ['id']);
  }

  @Implements(ReadPayout)
  async read({ actor, params }: RequestOf<typeof ReadPayout>): Promise<AnswerOf<typeof ReadPayout>> {
    const { payout, details } = await this.payouts.read(this.db.manager, actor, params.payoutId);
    return { ...payout, details };
  }

  @Implements(ApprovePayout)
  approve({ actor, params, ifMatch }: RequestOf<typeof ApprovePayout>): Promise<AnswerOf<typeof ApprovePayout>> {
    return this.db.transaction((tx) => this.payouts.approve(tx, actor, params.payoutId, ifMatch));
  }

  @Implements(CompletePayout)
  complete({
    actor,
    params,
    body,
    ifMatch,
  }: RequestOf<typeof CompletePayout>): Promise<AnswerOf<typeof CompletePayout>> {
    return this.db.transaction((tx) => this.payouts.complete(tx, actor, params.payoutId, body.reference, ifMatch));
  }

  @Implements(RefusePayout)
  refuse({ actor, params, body, ifMatch }: RequestOf<typeof RefusePayout>): Promise<AnswerOf<typeof RefusePayout>> {
    return this.db.transaction((tx) => this.payouts.refuse(tx, actor, params.payoutId, body.refusal, ifMatch));
  }
}
