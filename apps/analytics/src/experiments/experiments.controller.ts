import { Controller } from '@nestjs/common';
import {
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
import { type AnswerOf, Cursors, Implements, type RequestOf } from '@switchboard/service-kit';
import { DataSource, type EntityManager } from 'typeorm';
import { ExperimentAnalysisService } from './experiment-analysis.service';
import { answerOf, ExperimentsService, personsFor } from './experiments.service';
import { ExposuresService } from './exposures.service';

@Controller()
export class ExperimentsController {
  constructor(
    private readonly db: DataSource,
    private readonly cursors: Cursors,
    private readonly experiments: ExperimentsService,
    private readonly exposures: ExposuresService,
    private readonly analysis: ExperimentAnalysisService,
  ) {}

  @Implements(ListExperiments)
  async list(request: RequestOf<typeof ListExperiments>): Promise<AnswerOf<typeof ListExperiments>> {
    const rows = await this.experiments.list(this.db.manager, request.query, this.cursors.position(request));
    const { data, page } = this.cursors.page(request, rows, ({ id }) => [id]);
    return { data: data.map(answerOf), page };
  }

  @Implements(DraftExperiment)
  draft({ body }: RequestOf<typeof DraftExperiment>, tx: EntityManager): Promise<AnswerOf<typeof DraftExperiment>> {
    return this.experiments.draft(tx, body);
  }

  @Implements(PlanExperiment)
  plan({ body }: RequestOf<typeof PlanExperiment>): AnswerOf<typeof PlanExperiment> {
    return personsFor(body);
  }

  @Implements(ReadExperiment)
  read({ params }: RequestOf<typeof ReadExperiment>): Promise<AnswerOf<typeof ReadExperiment>> {
    return this.experiments.read(this.db.manager, params.experimentId);
  }

  @Implements(ChangeExperiment)
  change({ params, body, ifMatch }: RequestOf<typeof ChangeExperiment>): Promise<AnswerOf<typeof ChangeExperiment>> {
    return this.db.transaction((tx) => this.experiments.change(tx, params.experimentId, body, ifMatch));
  }

  @Implements(StartExperiment)
  start({ params, ifMatch }: RequestOf<typeof StartExperiment>): Promise<AnswerOf<typeof StartExperiment>> {
    return this.db.transaction((tx) => this.experiments.start(tx, params.experimentId, ifMatch));
  }

  @Implements(DecideExperiment)
  decide({ params, body, ifMatch }: RequestOf<typeof DecideExperiment>): Promise<AnswerOf<typeof DecideExperiment>> {
    return this.db.transaction((tx) => this.experiments.decide(tx, params.experimentId, body, ifMatch));
  }

  @Implements(RemoveExperiment)
  remove({ params }: RequestOf<typeof RemoveExperiment>): Promise<void> {
    return this.db.transaction((tx) => this.experiments.remove(tx, params.experimentId));
  }

  @Implements(ReadExperimentResults)
  results({ params }: RequestOf<typeof ReadExperimentResults>): Promise<AnswerOf<typeof ReadExperimentResults>> {
    return this.analysis.results(params.experimentId);
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
