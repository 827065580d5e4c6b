import * as botAdapter from './bot-adapter.api';
import * as chatAi from './chat-ai.api';
import { type RouteDefinition, serviceOf } from './define-route';
import * as gatewayBots from './gateway.bots.api';
import * as gatewayKeys from './gateway.keys.api';
import * as gatewaySession from './gateway.session.api';
import * as gatewayStaff from './gateway.staff.api';
import * as serviceKit from './service-kit.api';
import * as ttsWorker from './tts-worker.api';

const exported = [
  ...[botAdapter, chatAi, gatewayBots, gatewayKeys, gatewaySession, gatewayStaff],
  ...[serviceKit, ttsWorker],
].flatMap((file) => Object.values(file) as unknown[]);

const isRoute = (value: unknown): value is RouteDefinition =>
  typeof value === 'object' && value !== null && 'method' in value && 'path' in value && 'permission' in value;

/** Every route of every service, in the order of the files. */
export const routes: readonly RouteDefinition[] = exported.filter(isRoute);

/** What a service answers: its own routes and those of the kit. */
export const routesOf = (service: string): RouteDefinition[] =>
  routes.filter((route) => [service, 'service-kit'].includes(serviceOf(route)));
