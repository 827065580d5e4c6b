import { Controller } from '@nestjs/common';
import {
  ArchiveBot,
  CheckBotChannel,
  CheckBotDraft,
  CompareBotRevisions,
  CreateBot,
  EditBot,
  ListBotRevisions,
  ListBots,
  PauseBot,
  ReadBot,
  ReadBotDescriptions,
  ReadBotRevision,
  RemoveBotSecret,
  RestoreBot,
  ResumeBot,
  RollBackBot,
  SetBotSecret,
  TakeOverBot,
} from '@switchboard/contracts';
import { type AnswerOf, Cursors, HttpProblem, Implements, type RequestOf } from '@switchboard/service-kit';
import { BotChecksService } from './bot-checks.service';
import { BotDescriptionsService } from './bot-descriptions.service';
import { BotViewsService } from './bot-views.service';
import { BotsService } from './bots.service';

@Controller()
export class BotsController {
  constructor(
    private readonly cursors: Cursors,
    private readonly bots: BotsService,
    private readonly views: BotViewsService,
    private readonly checks: BotChecksService,
    private readonly descriptions: BotDescriptionsService,
  ) {}

  @Implements(ReadBotDescriptions)
  describe({ query, actor }: RequestOf<typeof ReadBotDescriptions>): Promise<AnswerOf<typeof ReadBotDescriptions>> {
    // Secrets are in the answer, and no scope of people may open it.
    if (actor.kind !== 'service') throw new HttpProblem('not_found');
    return this.descriptions.describe(actor.id, query.known);
  }

  @Implements(ListBots)
  async list(request: RequestOf<typeof ListBots>): Promise<AnswerOf<typeof ListBots>> {
    const { actor, query } = request;
    const position = this.cursors.position(request);
    const rows = await this.views.list({ state: query.state, bots: actor.bots }, position, query.limit + 1);
    return this.cursors.page(request, rows, ({ id }) => [id]);
  }

  @Implements(ReadBot)
  read({ params }: RequestOf<typeof ReadBot>): Promise<AnswerOf<typeof ReadBot>> {
    return this.views.read(params.botId);
  }

  @Implements(CreateBot, { checkFirst: true })
  create({ body, actor }: RequestOf<typeof CreateBot>) {
    return this.bots.prepare(body, actor);
  }

  @Implements(CheckBotDraft)
  async checkDraft({ body }: RequestOf<typeof CheckBotDraft>): Promise<AnswerOf<typeof CheckBotDraft>> {
    const { errors, secretNames, unchecked } = await this.checks.check(body);
    return { errors: [...errors], secrets: [...secretNames], unchecked: [...unchecked] };
  }

  @Implements(CheckBotChannel)
  checkChannel({ body, actor }: RequestOf<typeof CheckBotChannel>): Promise<AnswerOf<typeof CheckBotChannel>> {
    return this.bots.checkChannel(body, actor);
  }

  @Implements(EditBot)
  edit({ params, body, actor, ifMatch }: RequestOf<typeof EditBot>): Promise<AnswerOf<typeof EditBot>> {
    return this.bots.edit(params.botId, body, ifMatch, actor);
  }

  @Implements(PauseBot)
  pause({ params, body, actor }: RequestOf<typeof PauseBot>): Promise<AnswerOf<typeof PauseBot>> {
    return this.bots.pause(params.botId, body.why, actor);
  }

  @Implements(ResumeBot)
  resume({ params, body, actor }: RequestOf<typeof ResumeBot>): Promise<AnswerOf<typeof ResumeBot>> {
    return this.bots.resume(params.botId, body.why, actor);
  }

  @Implements(ArchiveBot)
  archive({ params, body, actor }: RequestOf<typeof ArchiveBot>): Promise<AnswerOf<typeof ArchiveBot>> {
    return this.bots.archive(params.botId, body.why, actor);
  }

  @Implements(RestoreBot)
  restore({ params, body, actor }: RequestOf<typeof RestoreBot>): Promise<AnswerOf<typeof RestoreBot>> {
    return this.bots.restore(params.botId, body.why, actor);
  }

  @Implements(TakeOverBot)
  takeOver({ params, body, actor }: RequestOf<typeof TakeOverBot>): Promise<AnswerOf<typeof TakeOverBot>> {
    return this.bots.takeOver(params.botId, body, actor);
  }

  @Implements(RollBackBot)
  rollBack({ params, body, actor, ifMatch }: RequestOf<typeof RollBackBot>): Promise<AnswerOf<typeof RollBackBot>> {
    return this.bots.rollBack(params.botId, body, ifMatch, actor);
  }

  @Implements(SetBotSecret)
  setSecret({ params, body, actor }: RequestOf<typeof SetBotSecret>): Promise<AnswerOf<typeof SetBotSecret>> {
    return this.bots.setSecret(params.botId, params.name, body.value, body.why, actor);
  }

  @Implements(RemoveBotSecret)
  removeSecret({ params, actor }: RequestOf<typeof RemoveBotSecret>): Promise<AnswerOf<typeof RemoveBotSecret>> {
    return this.bots.removeSecret(params.botId, params.name, actor);
  }

  @Implements(ListBotRevisions)
  async revisions(request: RequestOf<typeof ListBotRevisions>): Promise<AnswerOf<typeof ListBotRevisions>> {
    const position = this.cursors.position(request);
    const rows = await this.views.revisions(request.params.botId, position, request.query.limit + 1);
    return this.cursors.page(request, rows, ({ revision }) => [revision]);
  }

  @Implements(ReadBotRevision)
  revision({ params }: RequestOf<typeof ReadBotRevision>): Promise<AnswerOf<typeof ReadBotRevision>> {
    return this.views.revision(params.botId, params.revision);
  }

  @Implements(CompareBotRevisions)
  compare({ params, query }: RequestOf<typeof CompareBotRevisions>): Promise<AnswerOf<typeof CompareBotRevisions>> {
    return this.views.compare(params.botId, params.revision, query.since);
  }
}
