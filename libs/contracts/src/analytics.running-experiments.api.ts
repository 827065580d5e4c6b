import { z } from 'zod';
import { ArmKey, ExperimentKey, ExperimentPlace } from './analytics.events';
import { Arm, Namespace, TenThousandths } from './analytics.experiments.api';
import { defineRoute } from './define-route';

export const RunningExperiment = z
  .object({
    id: z.uuid(),
    key: ExperimentKey,
    place: ExperimentPlace,
    salt: z.string(),
    arms: z.array(Arm),
    coverage: TenThousandths,
    namespace: Namespace.nullable(),
  })
  .meta({ id: 'analytics.RunningExperiment' });

const ASKING = ['bot-adapter', 'chat-ai', 'gateway', 'payments', 'pets-game', 'tts-worker', 'vpn-provisioner'];

export const ListRunningExperiments = defineRoute({
  id: 'analytics.running-experiments.list',
  method: 'GET',
  path: '/internal/experiments',
  summary: 'All that a service needs to put people into arms by itself.',
  permission: 'experiments:read',
  callers: ASKING,
  answer: z.object({ experiments: z.array(RunningExperiment) }),
});

export const ReadArm = defineRoute({
  id: 'analytics.arms.read',
  method: 'GET',
  path: '/internal/experiments/{key}/arm',
  summary: 'The arm of a person: the one they met first, else the one they would be put into.',
  permission: 'experiments:read',
  callers: ASKING,
  params: z.object({ key: ExperimentKey }),
  query: z.object({ userId: z.uuid() }),
  answer: z.object({
    arm: ArmKey.nullable().describe('Null for whoever takes no part.'),
    value: z.string().nullable(),
    exposed: z.boolean().describe('True when the person has met it already.'),
  }),
  problems: { 'analytics.experiment_not_found': 404 },
});
