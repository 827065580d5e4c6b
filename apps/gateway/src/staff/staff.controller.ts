import { Controller } from '@nestjs/common';
import {
  EditStaff,
  EndSessionOfStaff,
  EndSessionsOfStaff,
  GrantRoles,
  InviteStaff,
  ListKeysOfStaff,
  ListRoles,
  ListStaff,
  ListStaffSessions,
  ReadStaff,
  ReinviteStaff,
  RemoveStaff,
  ResumeStaff,
  SuspendStaff,
} from '@switchboard/contracts';
import { type AnswerOf, Cursors, Implements, type RequestOf } from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';
import { RolesService } from '../access/roles.service';
import { type StaffMember, StaffService } from './staff.service';

@Controller()
export class StaffController {
  constructor(
    private readonly staff: StaffService,
    private readonly roles: RolesService,
    private readonly cursors: Cursors,
  ) {}

  @Implements(ListStaff)
  async list(request: RequestOf<typeof ListStaff>): Promise<AnswerOf<typeof ListStaff>> {
    const position = this.cursors.position(request);
    const rows = await this.staff.list(request.query.limit + 1, position);
    return this.cursors.page(request, rows.map(shown), ({ id }) => [id]);
  }

  @Implements(ReadStaff)
  async read({ params }: RequestOf<typeof ReadStaff>): Promise<AnswerOf<typeof ReadStaff>> {
    return shown(await this.staff.read(params.staffId));
  }

  @Implements(InviteStaff)
  invite({ body, actor }: RequestOf<typeof InviteStaff>, tx: EntityManager): Promise<AnswerOf<typeof InviteStaff>> {
    return this.staff.invite(tx, actor, body);
  }

  @Implements(ReinviteStaff)
  reinvite(
    { params, actor }: RequestOf<typeof ReinviteStaff>,
    tx: EntityManager,
  ): Promise<AnswerOf<typeof ReinviteStaff>> {
    return this.staff.reinvite(tx, actor, params.staffId);
  }

  @Implements(GrantRoles)
  async grant({ params, body, actor, ifMatch }: RequestOf<typeof GrantRoles>): Promise<AnswerOf<typeof GrantRoles>> {
    return shown(await this.staff.grant(actor, params.staffId, body.grants, ifMatch));
  }

  @Implements(SuspendStaff)
  async suspend({ params, actor }: RequestOf<typeof SuspendStaff>): Promise<AnswerOf<typeof SuspendStaff>> {
    return shown(await this.staff.suspend(actor, params.staffId));
  }

  @Implements(ResumeStaff)
  async resume({ params, actor }: RequestOf<typeof ResumeStaff>): Promise<AnswerOf<typeof ResumeStaff>> {
    return shown(await this.staff.resume(actor, params.staffId));
  }

  @Implements(EditStaff)
  async edit({ params, body, actor, ifMatch }: RequestOf<typeof EditStaff>): Promise<AnswerOf<typeof EditStaff>> {
    return shown(await this.staff.edit(actor, params.staffId, body, ifMatch));
  }

  @Implements(RemoveStaff)
  remove({ params, actor, ifMatch }: RequestOf<typeof RemoveStaff>): Promise<void> {
    return this.staff.remove(actor, params.staffId, ifMatch);
  }

  @Implements(ListStaffSessions)
  async sessions({ params }: RequestOf<typeof ListStaffSessions>): Promise<AnswerOf<typeof ListStaffSessions>> {
    const data = await this.staff.listSessions(params.staffId);
    return { data: data.map(({ id, device, createdAt, seenAt }) => ({ id, device, createdAt, seenAt })) };
  }

  @Implements(EndSessionsOfStaff)
  endSessions({ params }: RequestOf<typeof EndSessionsOfStaff>): Promise<void> {
    return this.staff.endSessions(params.staffId);
  }

  @Implements(EndSessionOfStaff)
  endSession({ params }: RequestOf<typeof EndSessionOfStaff>): Promise<void> {
    return this.staff.endSessions(params.staffId, params.sessionId);
  }

  @Implements(ListKeysOfStaff)
  async listKeys({ params, query }: RequestOf<typeof ListKeysOfStaff>): Promise<AnswerOf<typeof ListKeysOfStaff>> {
    const roles = query.roles?.filter(Boolean).map((each) => {
      const [role = '', botId = null] = each.split('@');
      return { role, botId, until: null };
    });
    return { data: await this.staff.listKeys(params.staffId, roles) };
  }

  @Implements(ListRoles)
  async listRoles(): Promise<AnswerOf<typeof ListRoles>> {
    return { roles: await this.roles.list() };
  }
}

/** As the contract has it. */
export const shown = (member: StaffMember): AnswerOf<typeof ReadStaff> => ({
  ...member,
  grants: [...member.grants],
  factors: [...member.factors],
});
