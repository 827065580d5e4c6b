import { Controller } from '@nestjs/common';
import { CreateApiKey, ListApiKeys, ReportApiKey, RevokeApiKey, RotateApiKey } from '@switchboard/contracts';
import { type AnswerOf, Cursors, Implements, type RequestOf } from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';
import type { ApiKey } from './api-key.entity';
import { ApiKeysService } from './api-keys.service';

@Controller()
export class ApiKeysController {
  constructor(
    private readonly keys: ApiKeysService,
    private readonly cursors: Cursors,
  ) {}

  @Implements(ListApiKeys)
  async list(request: RequestOf<typeof ListApiKeys>): Promise<AnswerOf<typeof ListApiKeys>> {
    const rows = await this.keys.list(request.actor, request.query.limit + 1, this.cursors.position(request));
    const { data, page } = this.cursors.page(request, rows, ({ seq }) => [seq]);
    return { data: data.map(shown), page };
  }

  @Implements(CreateApiKey)
  async create(
    { body, actor }: RequestOf<typeof CreateApiKey>,
    tx: EntityManager,
  ): Promise<AnswerOf<typeof CreateApiKey>> {
    const { key, details } = await this.keys.create(tx, actor, body);
    return { key, details: shown(details) };
  }

  @Implements(RotateApiKey)
  async rotate(
    { params, body, actor }: RequestOf<typeof RotateApiKey>,
    tx: EntityManager,
  ): Promise<AnswerOf<typeof RotateApiKey>> {
    const { key, details } = await this.keys.rotate(tx, actor, params.keyId, body.overlapDays);
    return { key, details: shown(details) };
  }

  @Implements(RevokeApiKey)
  revoke({ params, actor }: RequestOf<typeof RevokeApiKey>): Promise<void> {
    return this.keys.revoke(actor, params.keyId);
  }

  @Implements(ReportApiKey)
  async report({ body }: RequestOf<typeof ReportApiKey>): Promise<AnswerOf<typeof ReportApiKey>> {
    await this.keys.report(body.key);
    return {};
  }
}

/** As the contract has it. */
const shown = ({ endsAt, ...key }: ApiKey): AnswerOf<typeof ListApiKeys>['data'][number] => ({
  ...key,
  endedAt: endsAt,
});
