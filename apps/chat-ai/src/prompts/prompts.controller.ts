import { Controller } from '@nestjs/common';
import {
  ChangePromptDraft,
  DiscardPromptDraft,
  ListPromptDrafts,
  ListPromptReleases,
  ListPromptVersions,
  OpenPromptDraft,
  PublishPrompt,
  ReadPromptDraft,
  ReadPromptInForce,
  ReadPromptVersion,
  WithdrawPrompt,
} from '@switchboard/contracts';
import { type AnswerOf, Implements, type RequestOf } from '@switchboard/service-kit';
import { DataSource, type EntityManager } from 'typeorm';
import { PromptDraftsService } from './prompt-drafts.service';
import { PromptReleasesService } from './prompt-releases.service';

/** What assistants are told, for those who write it. */
@Controller()
export class PromptsController {
  constructor(
    private readonly db: DataSource,
    private readonly releases: PromptReleasesService,
    private readonly drafts: PromptDraftsService,
  ) {}

  @Implements(ReadPromptInForce)
  inForce({ params, query }: RequestOf<typeof ReadPromptInForce>): Promise<AnswerOf<typeof ReadPromptInForce>> {
    return this.db.transaction((tx) => this.releases.inForce(tx, { ...params, ...query }));
  }

  @Implements(ListPromptVersions)
  listVersions(request: RequestOf<typeof ListPromptVersions>): Promise<AnswerOf<typeof ListPromptVersions>> {
    return this.db.transaction((tx) => this.releases.versions(tx, request));
  }

  @Implements(ReadPromptVersion)
  readVersion({ params }: RequestOf<typeof ReadPromptVersion>): Promise<AnswerOf<typeof ReadPromptVersion>> {
    return this.db.transaction((tx) => this.releases.version(tx, params.botId, params.promptId));
  }

  @Implements(ListPromptReleases)
  listReleases(request: RequestOf<typeof ListPromptReleases>): Promise<AnswerOf<typeof ListPromptReleases>> {
    return this.releases.list(this.db.manager, request);
  }

  @Implements(PublishPrompt)
  publish(
    { params, body, ifMatch, actor }: RequestOf<typeof PublishPrompt>,
    tx: EntityManager,
  ): Promise<AnswerOf<typeof PublishPrompt>> {
    const { why, scenario, ...what } = body;
    return this.releases.publish(tx, { ...params, scenario }, what, { why, seen: ifMatch, actor });
  }

  @Implements(WithdrawPrompt)
  withdraw(
    { params, body, ifMatch, actor }: RequestOf<typeof WithdrawPrompt>,
    tx: EntityManager,
  ): Promise<AnswerOf<typeof WithdrawPrompt>> {
    const { why, scenario } = body;
    return this.releases.withdraw(tx, { ...params, scenario }, { why, seen: ifMatch, actor });
  }

  @Implements(ListPromptDrafts)
  listDrafts(request: RequestOf<typeof ListPromptDrafts>): Promise<AnswerOf<typeof ListPromptDrafts>> {
    return this.drafts.list(this.db.manager, request);
  }

  @Implements(OpenPromptDraft)
  openDraft(
    { params, body, actor }: RequestOf<typeof OpenPromptDraft>,
    tx: EntityManager,
  ): Promise<AnswerOf<typeof OpenPromptDraft>> {
    return this.drafts.open(tx, params.botId, body, actor);
  }

  @Implements(ReadPromptDraft)
  readDraft({ params }: RequestOf<typeof ReadPromptDraft>): Promise<AnswerOf<typeof ReadPromptDraft>> {
    return this.drafts.read(this.db.manager, params.botId, params.draftId);
  }

  @Implements(ChangePromptDraft)
  changeDraft({
    params,
    body,
    ifMatch,
    actor,
  }: RequestOf<typeof ChangePromptDraft>): Promise<AnswerOf<typeof ChangePromptDraft>> {
    return this.db.transaction((tx) => this.drafts.change(tx, params, body, { seen: ifMatch, actor }));
  }

  @Implements(DiscardPromptDraft)
  discardDraft({ params }: RequestOf<typeof DiscardPromptDraft>): Promise<void> {
    return this.drafts.discard(this.db.manager, params.botId, params.draftId);
  }
}
