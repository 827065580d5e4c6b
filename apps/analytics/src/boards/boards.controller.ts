import { Controller } from '@nestjs/common';
import {
  ListDefinitions,
  ReadActivity,
  ReadBusiness,
  ReadFunnel,
  ReadGrowth,
  ReadModelUsage,
  ReadOverview,
  ReadPersonUsage,
  ReadRetention,
  ReadRevenue,
  ReadShopPage,
  ReadSurvival,
} from '@switchboard/contracts';
import { type AnswerOf, Implements, type RequestOf } from '@switchboard/service-kit';
import { allDefinitions } from '../metrics/definitions';
import { MoneyBoardsService } from './money-boards.service';
import { PeopleBoardsService } from './people-boards.service';
import { PersonBoardService } from './person-board.service';
import { UsageBoardsService } from './usage-boards.service';

@Controller()
export class BoardsController {
  constructor(
    private readonly people: PeopleBoardsService,
    private readonly usages: UsageBoardsService,
    private readonly money: MoneyBoardsService,
    private readonly person: PersonBoardService,
  ) {}

  @Implements(ReadGrowth)
  growth({ query, actor }: RequestOf<typeof ReadGrowth>): Promise<AnswerOf<typeof ReadGrowth>> {
    return this.people.growth(query, actor);
  }

  @Implements(ReadRetention)
  retention({ query, actor }: RequestOf<typeof ReadRetention>): Promise<AnswerOf<typeof ReadRetention>> {
    return this.people.retention(query, actor);
  }

  @Implements(ReadSurvival)
  survival({ query, actor }: RequestOf<typeof ReadSurvival>): Promise<AnswerOf<typeof ReadSurvival>> {
    return this.people.survival(query, actor);
  }

  @Implements(ReadFunnel)
  funnel({ query, actor }: RequestOf<typeof ReadFunnel>): Promise<AnswerOf<typeof ReadFunnel>> {
    return this.people.funnel(query, actor);
  }

  @Implements(ReadRevenue)
  revenue({ query, actor }: RequestOf<typeof ReadRevenue>): Promise<AnswerOf<typeof ReadRevenue>> {
    return this.money.revenue(query, actor);
  }

  @Implements(ReadBusiness)
  business({ query, actor }: RequestOf<typeof ReadBusiness>): Promise<AnswerOf<typeof ReadBusiness>> {
    return this.money.business(query, actor);
  }

  @Implements(ReadModelUsage)
  usage({ query, actor }: RequestOf<typeof ReadModelUsage>): Promise<AnswerOf<typeof ReadModelUsage>> {
    return this.usages.usage(query, actor);
  }

  @Implements(ReadShopPage)
  shopPage({ query, actor }: RequestOf<typeof ReadShopPage>): Promise<AnswerOf<typeof ReadShopPage>> {
    return this.usages.shopPage(query, actor);
  }

  @Implements(ReadActivity)
  activity({ query, actor }: RequestOf<typeof ReadActivity>): Promise<AnswerOf<typeof ReadActivity>> {
    return this.usages.activity(query, actor);
  }

  @Implements(ReadOverview)
  overview({ query, actor }: RequestOf<typeof ReadOverview>): Promise<AnswerOf<typeof ReadOverview>> {
    return this.usages.overview(query, actor);
  }

  @Implements(ReadPersonUsage)
  personUsage({ params, query, actor }: RequestOf<typeof ReadPersonUsage>): Promise<AnswerOf<typeof ReadPersonUsage>> {
    return this.person.usage(params.userId, query, actor);
  }

  @Implements(ListDefinitions)
  definitions({ query }: RequestOf<typeof ListDefinitions>): AnswerOf<typeof ListDefinitions> {
    return { definitions: allDefinitions(query.locale) };
  }
}
