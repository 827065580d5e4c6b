import { Controller } from '@nestjs/common';
import {
  ChangePackage,
  ChangePlan,
  CreatePackage,
  CreatePlan,
  ListPackages,
  ListPlans,
  ReadPlan,
} from '@switchboard/contracts';
import { type AnswerOf, Implements, type RequestOf } from '@switchboard/service-kit';
import { DataSource, EntityManager } from 'typeorm';
import { OffersService } from './offers.service';

@Controller()
export class OffersController {
  constructor(
    private readonly db: DataSource,
    private readonly offers: OffersService,
  ) {}

  @Implements(ListPlans)
  async plans(request: RequestOf<typeof ListPlans>): Promise<AnswerOf<typeof ListPlans>> {
    return { data: await this.offers.plans(this.db.manager, request) };
  }

  @Implements(ReadPlan)
  plan(request: RequestOf<typeof ReadPlan>): Promise<AnswerOf<typeof ReadPlan>> {
    return this.offers.plan(this.db.manager, request);
  }

  @Implements(CreatePlan)
  createPlan(request: RequestOf<typeof CreatePlan>, tx: EntityManager): Promise<AnswerOf<typeof CreatePlan>> {
    return this.offers.createPlan(tx, request);
  }

  @Implements(ChangePlan)
  changePlan(request: RequestOf<typeof ChangePlan>): Promise<AnswerOf<typeof ChangePlan>> {
    return this.db.transaction((tx) => this.offers.changePlan(tx, request));
  }

  @Implements(ListPackages)
  async packages(request: RequestOf<typeof ListPackages>): Promise<AnswerOf<typeof ListPackages>> {
    return { data: await this.offers.packages(this.db.manager, request) };
  }

  @Implements(CreatePackage)
  createPackage(request: RequestOf<typeof CreatePackage>, tx: EntityManager): Promise<AnswerOf<typeof CreatePackage>> {
    return this.offers.createPackage(tx, request);
  }

  @Implements(ChangePackage)
  changePackage(request: RequestOf<typeof ChangePackage>): Promise<AnswerOf<typeof ChangePackage>> {
    return this.db.transaction((tx) => this.offers.changePackage(tx, request));
  }
}
