import { Controller, Inject, Injectable, Module } from '@nestjs/common';
import { Consumer, Handles, Outbox, PermanentError } from '@switchboard/bus';
import { defineEvent, defineRoute, type EventOf } from '@switchboard/contracts';
import {
  Column,
  DataSource,
  Entity,
  type EntityManager,
  type MigrationInterface,
  PrimaryColumn,
  type QueryRunner,
} from 'typeorm';
import { z } from 'zod';
import { CONFIG } from '../src/config';
import { defineApp } from '../src/define-app';
import { DomainError } from '../src/errors';
import { type AnswerOf, Implements, type RequestOf } from '../src/http/route.decorators';
import { defineJob, type JobRun, Jobs, type PayloadOf, Runs } from '../src/jobs';

/** A service as small as one can be that uses every part of the kit. */
export const ItemSold = defineEvent('shop.item.sold.v1', z.object({ item: z.string() }), {
  subject: 'item',
  summary: 'Sold.',
});

@Entity({ name: 'sales' })
export class Sale {
  @PrimaryColumn('text') item!: string;
  @Column('integer') shipped!: number;
}

class CreateSales1700000000000 implements MigrationInterface {
  readonly name = 'CreateSales1700000000000';
  async up(db: QueryRunner) {
    await db.query('CREATE TABLE sales (item text PRIMARY KEY, shipped integer NOT NULL DEFAULT 0, buyer text)');
  }
  async down(db: QueryRunner) {
    await db.query('DROP TABLE sales');
  }
}

const ReadGreeting = defineRoute({
  id: 'shop.greeting.read',
  method: 'GET',
  path: '/greeting',
  summary: 'What the shop says at the door.',
  permission: 'public',
  answer: z.object({ greeting: z.string() }),
});
export const SellItem = defineRoute({
  id: 'shop.sales.create',
  method: 'POST',
  path: '/sales',
  summary: 'Sells an item.',
  permission: 'public',
  body: z.object({ item: z.string().min(1).max(20) }),
  answer: z.object({ item: z.string() }),
  status: 201,
  problems: { 'shop.not_for_sale': 409, 'shop.regretted': 400 },
});
const Break = defineRoute({
  id: 'shop.things.break',
  method: 'GET',
  path: '/broken',
  summary: 'Fails for a reason of its own.',
  permission: 'public',
});
const ReadPrivate = defineRoute({
  id: 'shop.private.read',
  method: 'GET',
  path: '/private',
  summary: 'For one service only.',
  permission: 'private:read',
  callers: ['payments'],
  answer: z.object({ seen: z.boolean() }),
});

export const Ship = defineJob('ship', z.object({ item: z.string() }));
const config = z.object({ SHOP_GREETING: z.string().default('welcome') });

/** What the shipping job does; specs set it. */
export const shipping: { work: (item: string, run: JobRun) => Promise<void> } = { work: () => Promise.resolve() };

@Injectable()
class Sales {
  constructor(
    private readonly db: DataSource,
    private readonly outbox: Outbox,
    private readonly jobs: Jobs,
  ) {}

  async sell(item: string) {
    if (item === 'moon') throw new DomainError('shop.not_for_sale', 'The moon is not for sale', 409, { item });
    await this.db.transaction(async (tx) => {
      await tx.insert(Sale, { item, shipped: 0 });
      await this.jobs.add(tx, Ship, { item });
      await this.outbox.add(tx, ItemSold({ item }));
      if (item === 'regret') throw new DomainError('shop.regretted', 'Changed my mind');
    });
  }

  @Runs(Ship)
  async ship({ item }: PayloadOf<typeof Ship>, run: JobRun) {
    await shipping.work(item, run);
    await this.db.query('UPDATE sales SET shipped = shipped + 1 WHERE item = $1', [item]);
  }
}

@Controller()
class SalesController {
  constructor(
    private readonly sales: Sales,
    @Inject(CONFIG) private readonly settings: z.output<typeof config>,
  ) {}

  @Implements(ReadGreeting)
  greeting(): AnswerOf<typeof ReadGreeting> {
    return { greeting: this.settings.SHOP_GREETING };
  }

  @Implements(SellItem)
  async sell({ body: { item } }: RequestOf<typeof SellItem>): Promise<AnswerOf<typeof SellItem>> {
    await this.sales.sell(item);
    return { item };
  }

  @Implements(Break)
  broken() {
    throw new Error('a detail that must not leave the house');
  }

  @Implements(ReadPrivate)
  guarded(): AnswerOf<typeof ReadPrivate> {
    return { seen: true };
  }
}

@Consumer('sales')
class SalesHandlers {
  @Handles(ItemSold)
  async sold(event: EventOf<typeof ItemSold>, tx: EntityManager) {
    if (event.data.item === 'ghost') throw new PermanentError('ghosts are not sold');
    await tx.query(`UPDATE sales SET shipped = shipped + 100 WHERE item = $1`, [event.data.item]);
  }
}

@Module({ controllers: [SalesController, SalesHandlers], providers: [Sales] })
class ShopModule {}

export const shopApp = defineApp({
  name: 'shop',
  module: ShopModule,
  config,
  entities: [Sale],
  migrations: [CreateSales1700000000000],
  encrypted: ['sales.buyer'],
  port: 0,
});
