import { Controller } from '@nestjs/common';
import {
  type Actor,
  ChangeExperiment,
  DecideExperiment,
  DraftExperiment,
  ListExperiments,
  ListRunningExperiments,
  PlanExperiment,
  ReadArm,
  ReadExperiment,
  ReadExperimentResults,
  RemoveExperiment,
  StartExperiment,
} from '@switchboard/contracts';
import { type AnswerOf, type IfMatch, Implements, type RequestOf } from '@switchboard/service-kit';
import { DataSource, type EntityManager } from 'typeorm';
import { ExperimentAnalysisService } from './experiment-analysis.service';
import { personsFor } from './experiment-rules';
import { answerOf, type Changing, ExperimentsService } from './experiments.service';
import { ExposuresService } from './exposures.service';

@Controller()
export class ExperimentsController {
  constructor(
    private readonly db: DataSource,
    private readonly experiments: ExperimentsService,
    private readonly exposures: ExposuresService,
    private readonly analysis: ExperimentAnalysisService,
  ) {}

  @Implements(ListExperiments)
  async list(request: RequestOf<typeof ListExperiments>): Promise<AnswerOf<typeof ListExperiments>> {
    const { data, page } = await this.experiments.list(this.db.manager, request);
    return { data: data.map(answerOf), page };
  }

  @Implements(DraftExperiment)
  draft(
    { body, actor }: RequestOf<typeof DraftExperiment>,
    tx: EntityManager,
  ): Promise<AnswerOf<typeof DraftExperiment>> {
    return this.experiments.draft(tx, body, actor);
  }

  @Implements(PlanExperiment)
  plan({ body }: RequestOf<typeof PlanExperiment>): AnswerOf<typeof PlanExperiment> {
    return personsFor(body);
  }

  @Implements(ReadExperiment)
  read({ params, actor }: RequestOf<typeof ReadExperiment>): Promise<AnswerOf<typeof ReadExperiment>> {
    return this.experiments.read(this.db.manager, params.experimentId, actor.bots);
  }

  @Implements(ChangeExperiment)
  change(request: RequestOf<typeof ChangeExperiment>): Promise<AnswerOf<typeof ChangeExperiment>> {
    const { params, body } = request;
    return this.db.transaction((tx) => this.experiments.change(tx, params.experimentId, body, changing(request)));
  }

  @Implements(StartExperiment)
  start(request: RequestOf<typeof StartExperiment>): Promise<AnswerOf<typeof StartExperiment>> {
    const { experimentId } = request.params;
    return this.db.transaction((tx) => this.experiments.start(tx, experimentId, changing(request)));
  }

  @Implements(DecideExperiment)
  decide(request: RequestOf<typeof DecideExperiment>): Promise<AnswerOf<typeof DecideExperiment>> {
    const { params, body } = request;
    return this.db.transaction((tx) => this.experiments.decide(tx, params.experimentId, body, changing(request)));
  }

  @Implements(RemoveExperiment)
  remove({ params, actor }: RequestOf<typeof RemoveExperiment>): Promise<void> {
    return this.db.transaction((tx) => this.experiments.remove(tx, params.experimentId, actor.bots));
  }

  @Implements(ReadExperimentResults)
  async results({
    params,
    actor,
  }: RequestOf<typeof ReadExperimentResults>): Promise<AnswerOf<typeof ReadExperimentResults>> {
    return this.analysis.results(await this.experiments.find(this.db.manager, params.experimentId, actor.bots));
  }

  @Implements(ListRunningExperiments)
  async running(): Promise<AnswerOf<typeof ListRunningExperiments>> {
    return { experiments: await this.experiments.running(this.db.manager) };
  }

  @Implements(ReadArm)
  arm({ params, query }: RequestOf<typeof ReadArm>): Promise<AnswerOf<typeof ReadArm>> {
    return this.exposures.armOf(this.db.manager, params.key, query.userId);
  }
}

const changing = ({ ifMatch, actor }: { ifMatch: IfMatch; actor: Actor }): Changing => ({ seen: ifMatch, actor });
