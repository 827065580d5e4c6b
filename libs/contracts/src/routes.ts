import * as analytics from './analytics.api';
import * as analyticsAnomalies from './analytics.anomalies.api';
import * as analyticsExperiments from './analytics.experiments.api';
import * as botAdapter from './bot-adapter.api';
import * as chatAiConversations from './chat-ai.conversations.api';
import * as chatAiKnowledge from './chat-ai.knowledge.api';
import * as chatAiPrompts from './chat-ai.prompts.api';
import * as chatAiUnanswered from './chat-ai.unanswered.api';
import * as chatAiUsage from './chat-ai.usage.api';
import { type RouteDefinition, serviceOf } from './define-route';
import * as gatewayBots from './gateway.bots.api';
import * as gatewayKeys from './gateway.keys.api';
import * as gatewayPeople from './gateway.people.api';
import * as gatewaySession from './gateway.session.api';
import * as gatewaySignIn from './gateway.sign-in.api';
import * as gatewayStaff from './gateway.staff.api';
import * as serviceKit from './service-kit.api';
import * as ttsWorker from './tts-worker.api';

const files = [
  analytics,
  analyticsAnomalies,
  analyticsExperiments,
  botAdapter,
  chatAiConversations,
  chatAiKnowledge,
  chatAiPrompts,
  chatAiUnanswered,
  chatAiUsage,
  gatewayBots,
  gatewayKeys,
  gatewayPeople,
  gatewaySession,
  gatewaySignIn,
  gatewayStaff,
  serviceKit,
  ttsWorker,
];
const exported = files.flatMap((file) => Object.values(file) as unknown[]);

const isRoute = (value: unknown): value is RouteDefinition =>
  typeof value === 'object' && value !== null && 'method' in value && 'path' in value && 'permission' in value;

/** Every route of every service, in the order of the files. */
export const routes: readonly RouteDefinition[] = exported.filter(isRoute);

/** What a service answers: its own routes and those of the kit. */
export const routesOf = (service: string): RouteDefinition[] =>
  routes.filter((route) => [service, 'service-kit'].includes(serviceOf(route)));
