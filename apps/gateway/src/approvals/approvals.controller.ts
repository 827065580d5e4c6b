import { Controller } from '@nestjs/common';
import {
  ApproveRequest,
  DemandApproval,
  ListApprovals,
  ListOwnApprovals,
  ReadApproval,
  RejectRequest,
  WithdrawRequest,
} from '@switchboard/contracts';
import { type AnswerOf, Cursors, HttpProblem, Implements, type RequestOf } from '@switchboard/service-kit';
import { ApprovalsService } from './approvals.service';

@Controller()
export class ApprovalsController {
  constructor(
    private readonly approvals: ApprovalsService,
    private readonly cursors: Cursors,
  ) {}

  @Implements(DemandApproval)
  demand({ body, actor }: RequestOf<typeof DemandApproval>): Promise<AnswerOf<typeof DemandApproval>> {
    // It speaks for whomever it names, so no scope of people may open it.
    if (actor.kind !== 'service') throw new HttpProblem('not_found');
    return this.approvals.demand(body);
  }

  @Implements(ListApprovals)
  async list(request: RequestOf<typeof ListApprovals>): Promise<AnswerOf<typeof ListApprovals>> {
    const { actor, query } = request;
    const position = this.cursors.position(request);
    const rows = await this.approvals.list(actor, { state: query.state }, position, query.limit + 1);
    return this.cursors.page(request, rows, ({ id }) => [id]);
  }

  @Implements(ListOwnApprovals)
  async listOwn(request: RequestOf<typeof ListOwnApprovals>): Promise<AnswerOf<typeof ListOwnApprovals>> {
    const { actor, query } = request;
    const position = this.cursors.position(request);
    const rows = await this.approvals.list(actor, { requestedBy: actor.id }, position, query.limit + 1);
    return this.cursors.page(request, rows, ({ id }) => [id]);
  }

  @Implements(ReadApproval)
  read({ params, actor }: RequestOf<typeof ReadApproval>): Promise<AnswerOf<typeof ReadApproval>> {
    return this.approvals.read(actor, params.approvalId);
  }

  @Implements(ApproveRequest)
  approve({ params, body, actor }: RequestOf<typeof ApproveRequest>): Promise<AnswerOf<typeof ApproveRequest>> {
    return this.approvals.decide(actor, params.approvalId, 'approved', body.comment);
  }

  @Implements(RejectRequest)
  reject({ params, body, actor }: RequestOf<typeof RejectRequest>): Promise<AnswerOf<typeof RejectRequest>> {
    return this.approvals.decide(actor, params.approvalId, 'rejected', body.comment);
  }

  @Implements(WithdrawRequest)
  withdraw({ params, actor }: RequestOf<typeof WithdrawRequest>): Promise<void> {
    return this.approvals.withdraw(actor, params.approvalId);
  }
}
