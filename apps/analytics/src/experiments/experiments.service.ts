import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import {
  type Actor,
  type ChangeExperiment,
  type DraftExperiment,
  ExperimentDecided,
  ExperimentStarted,
  type ListExperiments,
  NoticeSendRequested,
  type ReadExperiment,
} from '@switchboard/contracts';
import {
  type AnswerOf,
  Clock,
  Cursors,
  DomainError,
  type Experiment as RunningExperiment,
  type IfMatch,
  type Page,
  type RequestOf,
  seesBot,
} from '@switchboard/service-kit';
import { type EntityManager, IsNull, Not } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { refuseForbidden, refuseIncomplete, refuseUnfitBandit, refuseUnknown } from './experiment-rules';
import { Experiment, type ExperimentPlan } from './experiment.entity';

type Answer = AnswerOf<typeof ReadExperiment>;
type Draft = RequestOf<typeof DraftExperiment>['body'];
type Change = RequestOf<typeof ChangeExperiment>['body'];

export class ExperimentNotFound extends DomainError {
  constructor(which: Readonly<Record<string, string>>) {
    super('analytics.experiment_not_found', 'There is no such experiment', 404, which);
  }
}

/** What of an experiment is fixed once it has begun. */
class ExperimentIsFixed extends DomainError {
  constructor(field: string) {
    const why = 'An experiment that has begun is not changed: what it shows would be of two experiments';
    super('analytics.experiment_is_fixed', why, 409, { field });
  }
}

class ExperimentKeyTaken extends DomainError {
  constructor(key: string) {
    super('analytics.experiment_key_taken', 'There is an experiment of that name', 409, { key });
  }
}

class ExperimentOfAnotherBot extends DomainError {
  constructor(where: Pick<Experiment, 'place' | 'botId'>) {
    super('analytics.experiment_of_another_bot', 'The place is of another bot', 422, { ...where });
  }
}

class ExperimentNotRunning extends DomainError {
  constructor(id: string) {
    super('analytics.experiment_not_running', 'The experiment does not run', 409, { id });
  }
}

class ArmNotFound extends DomainError {
  constructor(arm: string) {
    super('analytics.arm_not_found', 'The experiment has no such arm', 422, { arm });
  }
}

/** `key` is the other experiment’s. */
class ExperimentPlaceTaken extends DomainError {
  constructor(key: string) {
    super('analytics.experiment_place_taken', 'Another experiment runs there', 409, { key });
  }
}

class ExperimentNamespaceTaken extends DomainError {
  constructor(key: string) {
    super('analytics.experiment_namespace_taken', 'Another experiment has these people', 409, { key });
  }
}

export interface Decision {
  readonly decision: 'ship' | 'no_effect' | 'harmful' | 'stopped';
  readonly arm: string;
  readonly why: string;
  /** Undefined where nobody was asked. */
  readonly by?: Actor;
}

/** Who changes something, and what they have seen. */
export interface Changing {
  readonly seen: IfMatch;
  readonly actor: Actor;
}

/** The bot may be followed by what of it is compared: `chat-ai.prompt:lumen:size`. */
const isOfBot = (place: string, botId: string) => place.split(':')[1] === botId;

const DAY_MS = 86_400_000;

/** Experiments from draft to decision. What a service needs to put people into arms is in the running ones. */
@Injectable()
export class ExperimentsService {
  constructor(
    private readonly outbox: Outbox,
    private readonly cursors: Cursors,
    private readonly clock: Clock,
  ) {}

  list(tx: EntityManager, request: RequestOf<typeof ListExperiments>): Promise<Page<Experiment>> {
    const { state, botId } = request.query;
    const { bots } = request.actor;
    const query = tx.createQueryBuilder(Experiment, 'experiment');
    if (state) query.andWhere('experiment.state = ANY(:state)', { state });
    if (botId) query.andWhere('experiment.botId = :botId', { botId });
    if (bots) query.andWhere('experiment.botId = ANY(:bots)', { bots });
    return this.cursors.select(request, query, ['id']);
  }

  async draft(tx: EntityManager, { key, place, botId, ...plan }: Draft, actor: Actor): Promise<Answer> {
    refuseForbidden(place, actor);
    const experiment = tx.create(Experiment, {
      id: uuidv7(),
      key,
      place,
      botId,
      plan,
      state: 'draft',
      decidedAutomatically: false,
      createdAt: this.clock.now(),
      revision: 1,
    });
    const { raw } = await tx
      .createQueryBuilder()
      .insert()
      .into(Experiment)
      .values(experiment)
      .orIgnore()
      .returning('id')
      .execute();
    if ((raw as unknown[]).length === 0) throw new ExperimentKeyTaken(key);
    return answerOf(await this.find(tx, experiment.id));
  }

  async read(tx: EntityManager, id: string, bots: Actor['bots']): Promise<Answer> {
    return answerOf(await this.find(tx, id, bots));
  }

  /** @param seen the revisions that the caller knows: checked while the row is locked */
  async change(tx: EntityManager, id: string, change: Change, changing: Changing): Promise<Answer> {
    const { place, botId, ...rest } = change;
    const experiment = await this.locked(tx, id, changing);
    const after = { place: place ?? experiment.place, botId: botId === undefined ? experiment.botId : botId };
    if ((after.botId && !isOfBot(after.place, after.botId)) || !seesBot(changing.actor.bots, after.botId))
      throw new ExperimentOfAnotherBot(after);
    refuseForbidden(after.place, changing.actor);
    const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
    const plan: ExperimentPlan = { ...experiment.plan, ...given };
    if (experiment.state !== 'draft') {
      const [fixed] = Object.keys({ ...given, ...(place && { place }), ...(botId !== undefined && { botId }) }).filter(
        (field) => field !== 'coverage',
      );
      if (fixed) throw new ExperimentIsFixed(fixed);
      if (experiment.state !== 'running' || plan.coverage < experiment.plan.coverage)
        throw new ExperimentIsFixed('coverage');
    }
    await this.save(tx, experiment, { plan, ...after });
    return answerOf(experiment);
  }

  async start(tx: EntityManager, id: string, changing: Changing): Promise<Answer> {
    const experiment = await this.locked(tx, id, changing);
    if (experiment.state !== 'draft') throw new ExperimentIsFixed('state');
    refuseIncomplete(experiment.plan);
    refuseUnknown(experiment.plan);
    refuseUnfitBandit(experiment);
    // One after the other: two that begin at once would not see each other.
    await tx.query(`SELECT pg_advisory_xact_lock(hashtext('experiments'), hashtext('start'))`);
    await refuseOverlap(tx, experiment);
    const startedAt = this.clock.now();
    const plannedEnd = new Date(startedAt.getTime() + experiment.plan.days! * DAY_MS);
    await this.save(tx, experiment, { state: 'running', startedAt, plannedEnd });
    const { key, place } = experiment;
    const plan = { experimentId: id, experiment: key, place, plannedEnd: plannedEnd.toISOString() };
    await this.outbox.add(tx, ExperimentStarted(plan));
    return answerOf(experiment);
  }

  async decide(tx: EntityManager, id: string, decision: Omit<Decision, 'by'>, changing: Changing): Promise<Answer> {
    const experiment = await this.locked(tx, id, changing);
    if (experiment.state !== 'running') throw new ExperimentNotRunning(id);
    return answerOf(await this.end(tx, experiment, { ...decision, by: changing.actor }));
  }

  /** Gives the arms of a running bandit other weights; in the order of the arms. */
  async reweigh(tx: EntityManager, id: string, weights: readonly number[]): Promise<void> {
    const experiment = await this.lockRunning(tx, id);
    if (!experiment) return;
    const arms = experiment.plan.arms.map((arm, i) => ({ ...arm, weight: weights[i]! }));
    await tx.query('INSERT INTO experiment_weights (experiment_id, valid_from, weights) VALUES ($1, $2, $3)', [
      ...[id, this.clock.now(), weights],
    ]);
    await this.save(tx, experiment, { plan: { ...experiment.plan, arms } });
  }

  /** Ends a running experiment whose row is locked. */
  async end(tx: EntityManager, experiment: Experiment, { by, ...decision }: Decision): Promise<Experiment> {
    const arm = experiment.plan.arms.find(({ key }) => key === decision.arm);
    if (!arm) throw new ArmNotFound(decision.arm);
    await this.save(tx, experiment, {
      state: decision.decision === 'stopped' ? 'stopped' : 'decided',
      decision: decision.decision,
      decidedArm: arm.key,
      decidedWhy: decision.why,
      decidedAutomatically: by === undefined,
      decidedBy: by ? `${by.kind}:${by.id}` : null,
      endedAt: this.clock.now(),
    });
    const { id, key, place } = experiment;
    const event = {
      experimentId: id,
      experiment: key,
      place,
      decision: decision.decision,
      arm: arm.key,
      value: arm.value,
      automatic: by === undefined,
      ...(by && { decidedBy: { kind: by.kind, id: by.id, roles: by.roles } }),
    };
    await this.outbox.add(tx, ExperimentDecided(event));
    return experiment;
  }

  /**
   * Stops those that ran when a backup was taken, which come back from it as drafts that have begun, and tells staff. Nobody knows any
   * more who was in which arm, because people have other ids in a backup: to go on would be to compare those who come again with
   * themselves.
   */
  async endRestored(tx: EntityManager): Promise<void> {
    const begun = await tx.find(Experiment, {
      where: { state: 'draft', startedAt: Not(IsNull()) },
      order: { id: 'ASC' },
      lock: { mode: 'pessimistic_write' },
    });
    for (const experiment of begun) {
      await this.end(tx, experiment, {
        decision: 'stopped',
        arm: experiment.plan.arms[0]!.key,
        why: 'The statistics were restored from a backup, which does not say who was in which arm.',
      });
      const { key } = experiment;
      await this.outbox.add(
        tx,
        NoticeSendRequested({
          noticeId: uuidv7(),
          audience: 'staff',
          texts: {
            en: `**Experiment ${key} was stopped**\n\nThe statistics were restored from a backup, which does not say who was in which arm. To compare the arms, start a new experiment.`,
            ru: `**Эксперимент ${key} остановлен**\n\nСтатистика восстановлена из резервной копии, а в ней не сказано, кто был в какой группе. Чтобы сравнить группы, начните новый эксперимент.`,
          },
        }),
      );
    }
  }

  async remove(tx: EntityManager, id: string, bots: Actor['bots']): Promise<void> {
    const experiment = await tx.findOne(Experiment, { where: { id }, lock: { mode: 'pessimistic_write' } });
    if (!experiment || !seesBot(bots, experiment.botId)) return;
    if (experiment.state !== 'draft') throw new ExperimentIsFixed('state');
    await tx.delete(Experiment, { id });
  }

  async running(tx: EntityManager): Promise<RunningExperiment[]> {
    const rows = await tx.find(Experiment, { where: { state: 'running' }, order: { id: 'ASC' } });
    return rows.map(assignmentOf);
  }

  /** The locked row of a running experiment; null for one that does not run (any more). */
  lockRunning(tx: EntityManager, id: string): Promise<Experiment | null> {
    return tx.findOne(Experiment, { where: { id, state: 'running' }, lock: { mode: 'pessimistic_write' } });
  }

  async find(tx: EntityManager, id: string, bots?: Actor['bots']): Promise<Experiment> {
    const experiment = await tx.findOneBy(Experiment, { id });
    if (!experiment || !seesBot(bots, experiment.botId)) throw new ExperimentNotFound({ id });
    return experiment;
  }

  private async locked(tx: EntityManager, id: string, { seen, actor }: Changing): Promise<Experiment> {
    const experiment = await tx.findOne(Experiment, { where: { id }, lock: { mode: 'pessimistic_write' } });
    if (!experiment || !seesBot(actor.bots, experiment.botId)) throw new ExperimentNotFound({ id });
    refuseForbidden(experiment.place, actor);
    seen.check(experiment.revision);
    return experiment;
  }

  private async save(tx: EntityManager, experiment: Experiment, change: Partial<Experiment>): Promise<void> {
    Object.assign(experiment, change, { revision: experiment.revision + 1 });
    await tx.save(Experiment, experiment);
  }
}

export const answerOf = ({ plan, toldAdvice: _, ...row }: Experiment): Answer => ({ ...row, ...plan });

/** All that decides into which arm somebody belongs. The salt is the id, so that no two experiments mix people alike. */
export const assignmentOf = ({
  id,
  key,
  place,
  plan: { arms, coverage, namespace },
}: Experiment): RunningExperiment => ({
  id,
  key,
  place,
  salt: id,
  arms,
  coverage,
  namespace,
});

/** Two experiments at one place would answer the same question; two that share a range of a namespace share people. */
async function refuseOverlap(tx: EntityManager, { place, plan: { namespace } }: Experiment): Promise<void> {
  const running = await tx.findBy(Experiment, { state: 'running' });
  const there = running.find((other) => other.place === place);
  if (there) throw new ExperimentPlaceTaken(there.key);
  const overlaps = running.find(({ plan: { namespace: other } }) => {
    return (
      namespace && other && other.name === namespace.name && other.from < namespace.to && namespace.from < other.to
    );
  });
  if (overlaps) throw new ExperimentNamespaceTaken(overlaps.key);
}
