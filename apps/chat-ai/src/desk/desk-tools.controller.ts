import { Controller } from '@nestjs/common';
import {
  ChangeCannedAnswer,
  ChangeMacro,
  CreateCannedAnswer,
  CreateMacro,
  ListCannedAnswers,
  ListDeskStaff,
  ListDeskTags,
  ListMacros,
  PutDeskStaff,
  RemoveCannedAnswer,
  RemoveDeskStaff,
  RemoveMacro,
  SetDeskTags,
  SetOwnAvailability,
} from '@switchboard/contracts';
import { type AnswerOf, Implements, type RequestOf } from '@switchboard/service-kit';
import { DataSource, type EntityManager } from 'typeorm';
import { DeskStaffService } from './desk-staff.service';
import { DeskToolsService } from './desk-tools.service';
import { staffIdOf } from './staff-id';

/** What a desk works with. */
@Controller()
export class DeskToolsController {
  constructor(
    private readonly db: DataSource,
    private readonly tools: DeskToolsService,
    private readonly staff: DeskStaffService,
  ) {}

  @Implements(ListCannedAnswers)
  async listCannedAnswers({ query }: RequestOf<typeof ListCannedAnswers>): Promise<AnswerOf<typeof ListCannedAnswers>> {
    return { data: await this.tools.cannedAnswers(this.db.manager, query.brandId) };
  }

  @Implements(CreateCannedAnswer)
  createCannedAnswer(
    { body: { brandId, ...fields } }: RequestOf<typeof CreateCannedAnswer>,
    tx: EntityManager,
  ): Promise<AnswerOf<typeof CreateCannedAnswer>> {
    return this.tools.createCannedAnswer(tx, brandId, fields);
  }

  @Implements(ChangeCannedAnswer)
  changeCannedAnswer({
    params,
    body,
    actor,
    ifMatch,
  }: RequestOf<typeof ChangeCannedAnswer>): Promise<AnswerOf<typeof ChangeCannedAnswer>> {
    const ours = { id: params.cannedAnswerId, actor };
    return this.db.transaction((tx) => this.tools.changeCannedAnswer(tx, ours, body, ifMatch));
  }

  @Implements(RemoveCannedAnswer)
  removeCannedAnswer({ params, actor }: RequestOf<typeof RemoveCannedAnswer>): Promise<void> {
    return this.db.transaction((tx) => this.tools.removeCannedAnswer(tx, { id: params.cannedAnswerId, actor }));
  }

  @Implements(ListMacros)
  async listMacros({ query }: RequestOf<typeof ListMacros>): Promise<AnswerOf<typeof ListMacros>> {
    return { data: await this.tools.macros(this.db.manager, query.brandId) };
  }

  @Implements(CreateMacro)
  createMacro(
    { body: { brandId, ...fields } }: RequestOf<typeof CreateMacro>,
    tx: EntityManager,
  ): Promise<AnswerOf<typeof CreateMacro>> {
    return this.tools.createMacro(tx, brandId, fields);
  }

  @Implements(ChangeMacro)
  changeMacro({ params, body, actor, ifMatch }: RequestOf<typeof ChangeMacro>): Promise<AnswerOf<typeof ChangeMacro>> {
    return this.db.transaction((tx) => this.tools.changeMacro(tx, { id: params.macroId, actor }, body, ifMatch));
  }

  @Implements(RemoveMacro)
  removeMacro({ params, actor }: RequestOf<typeof RemoveMacro>): Promise<void> {
    return this.db.transaction((tx) => this.tools.removeMacro(tx, { id: params.macroId, actor }));
  }

  @Implements(ListDeskTags)
  async listTags({ query }: RequestOf<typeof ListDeskTags>): Promise<AnswerOf<typeof ListDeskTags>> {
    return { tags: await this.tools.tags(this.db.manager, query.brandId) };
  }

  @Implements(SetDeskTags)
  setTags({ query, body }: RequestOf<typeof SetDeskTags>): Promise<AnswerOf<typeof SetDeskTags>> {
    return this.db.transaction(async (tx) => ({ tags: await this.tools.setTags(tx, query.brandId, body.tags) }));
  }

  @Implements(ListDeskStaff)
  async listStaff({ query }: RequestOf<typeof ListDeskStaff>): Promise<AnswerOf<typeof ListDeskStaff>> {
    return { data: await this.staff.list(this.db.manager, query.brandId) };
  }

  @Implements(PutDeskStaff)
  putStaff({ params, query, body }: RequestOf<typeof PutDeskStaff>): Promise<AnswerOf<typeof PutDeskStaff>> {
    return this.db.transaction((tx) => this.staff.put(tx, query.brandId, params.staffId, body));
  }

  @Implements(RemoveDeskStaff)
  removeStaff({ params, query }: RequestOf<typeof RemoveDeskStaff>): Promise<void> {
    return this.db.transaction((tx) => this.staff.remove(tx, query.brandId, params.staffId));
  }

  @Implements(SetOwnAvailability)
  setOwn({ query, body, actor }: RequestOf<typeof SetOwnAvailability>): Promise<AnswerOf<typeof SetOwnAvailability>> {
    const staffId = staffIdOf(actor);
    return this.db.transaction((tx) => this.staff.setAvailability(tx, query.brandId, staffId, body.available));
  }
}
