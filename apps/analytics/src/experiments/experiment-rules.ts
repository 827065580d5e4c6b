import {
  type Actor,
  allows,
  events,
  type Permission,
  personalFieldsOf,
  type PlanExperiment,
  uiEvents,
} from '@switchboard/contracts';
import { type AnswerOf, DomainError, HttpProblem, type RequestOf } from '@switchboard/service-kit';
import { z } from 'zod';
import { nameOf } from '../rollups/event-rules';
import { neededPerGroup } from '../stats/comparison';
import type { Experiment, ExperimentPlan } from './experiment.entity';

class PlanImpossible extends DomainError {
  constructor(why: string) {
    super('analytics.plan_impossible', why, 422);
  }
}

class ExperimentIncomplete extends DomainError {
  constructor(missing: readonly string[]) {
    super('analytics.experiment_incomplete', 'Before it starts an experiment says all it is for', 422, { missing });
  }
}

class MeasureUnknown extends DomainError {
  constructor(unknown: readonly string[]) {
    super('analytics.measure_unknown', 'Nothing of the kind is counted', 422, { unknown });
  }
}

class BanditUnfit extends DomainError {
  constructor() {
    super('analytics.bandit_unfit', 'A bandit follows whether something happens at once, and sets no prices', 422);
  }
}

/** How many people are needed; by the mean alone where it is a share. */
export function personsFor(asked: RequestOf<typeof PlanExperiment>['body']): AnswerOf<typeof PlanExperiment> {
  const { mean, deviation, minimalEffect, alpha, power, arms } = asked;
  const effect = Math.abs(mean) * minimalEffect;
  // Of a share both groups are looked at half way between what is and what is looked for.
  const middle = mean + effect / 2;
  const spread = deviation === undefined ? middle * (1 - middle) : deviation ** 2;
  if (!(effect > 0) || !(spread > 0)) throw new PlanImpossible('A share lies between 0 and 1, and a mean is not 0');
  const personsPerArm = neededPerGroup({ spread, effect, alpha: alpha / (arms - 1), power });
  const persons = personsPerArm * arms;
  if (!Number.isSafeInteger(persons)) throw new PlanImpossible('Nobody has as many people as this takes');
  return { personsPerArm, persons };
}

/** What a draft may leave open. */
export function refuseIncomplete(plan: ExperimentPlan): void {
  const required = ['hypothesis', 'primary', 'minimalEffect', 'plannedPersons', 'days'] as const;
  const missing: string[] = required.filter((field) => plan[field] === null);
  if (plan.guardrails.length === 0) missing.push('guardrails');
  const keys = [plan.primary, ...plan.secondary, ...plan.guardrails].flatMap((metric) => metric?.key ?? []);
  if (new Set(keys).size < keys.length) missing.push('distinct metric keys');
  if (missing.length > 0) throw new ExperimentIncomplete(missing);
}

/** What no event says cannot be counted, nor what events say sealed; only numbers are added up. */
export function refuseUnknown({ primary, secondary, guardrails }: ExperimentPlan): void {
  const metrics = [primary, ...secondary, ...guardrails].filter((metric) => metric !== null);
  const measures = metrics.flatMap(({ measure, per }) => [measure, ...(per ? [per] : [])]);
  const unknown = measures.flatMap(({ event, field, where = {} }) => {
    const kinds = fieldsOf(event);
    if (!kinds) return [event];
    const wrong = [
      ...(field !== undefined && kinds.get(field) !== 'number' ? [field] : []),
      ...Object.keys(where).filter((name) => !kinds.has(name)),
    ];
    return wrong.map((name) => `${event} · ${name}`);
  });
  if (unknown.length > 0) throw new MeasureUnknown([...new Set(unknown)]);
}

/** The fields of an event that are not sealed, and whether they are numbers; undefined for one that nobody says. */
function fieldsOf(event: string): ReadonlyMap<string, 'number' | 'other'> | undefined {
  const definition = [...events, ...uiEvents].findLast(({ type }) => nameOf(type) === event);
  if (!definition) return undefined;
  const sealed = new Set(personalFieldsOf(definition.schema).map((path) => path.join('.')));
  const fields = new Map<string, 'number' | 'other'>();
  const { $defs = {}, ...whole } = z.toJSONSchema(definition.schema, { unrepresentable: 'any' }) as JsonSchema;
  const walk = ({ properties = {} }: JsonSchema, at: string) => {
    for (const [name, field] of Object.entries(properties)) {
      const path = at + name;
      if (sealed.has(path)) continue;
      const schema = field.$ref ? $defs[field.$ref.replace('#/$defs/', '')]! : field;
      fields.set(path, schema.type === 'number' || schema.type === 'integer' ? 'number' : 'other');
      walk(schema, `${path}.`);
    }
  };
  walk(whole, '');
  return fields;
}

interface JsonSchema {
  readonly type?: string;
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, JsonSchema>>;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
}

/**
 * People who see another price tomorrow than today are right to be angry. Only what happens or not can be followed, and nothing that
 * is done days later: by then the person may have come into another arm.
 */
export function refuseUnfitBandit({ place, plan: { kind, primary, secondary, guardrails } }: Experiment): void {
  if (kind !== 'bandit') return;
  const isLate = [primary, ...secondary, ...guardrails].some((metric) => metric?.within);
  if (place.startsWith('payments.') || primary?.measure.aggregate !== 'any' || primary.per || isLate)
    throw new BanditUnfit();
}

/** What people get at such a place is what its service lets those put in force who have the permission. */
const PERMISSIONS: Readonly<Record<string, Permission>> = { 'chat-ai.prompt': 'prompts:write' };

/** Whoever may compare things at a place, and decide which of them everybody gets, may also put them there without an experiment. */
export function refuseForbidden(place: string, { scopes }: Pick<Actor, 'scopes'>): void {
  const permission = PERMISSIONS[place.split(':', 1)[0]!];
  if (permission && !allows(scopes, permission)) throw new HttpProblem('forbidden');
}
