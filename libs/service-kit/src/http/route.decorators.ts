import type { Readable } from 'node:stream';
import {
  applyDecorators,
  createParamDecorator,
  type ExecutionContext,
  HttpCode,
  RequestMapping,
  RequestMethod,
  SetMetadata,
} from '@nestjs/common';
import {
  type Actor,
  type BytesAnswer,
  type EventStreamAnswer,
  type FormBody,
  type RawBody,
  type RouteDefinition,
  statusOf,
  type UploadBody,
} from '@switchboard/contracts';
import type { Request, Response } from 'express';
import type { EntityManager } from 'typeorm';
import type { z } from 'zod';
import type { IfMatch } from './etag';

/** A file as it comes in; its bytes are read once, from the network. */
export interface UploadedFile {
  readonly body: Readable;
  readonly fileName: string | undefined;
  /** As the caller says; what it is must be told by its bytes. */
  readonly contentType: string;
}

/** The answer of a route that gives bytes. */
export interface FileAnswer {
  readonly body: Readable;
  readonly bytes?: number | undefined;
  /** Default: that of the route. */
  readonly contentType?: string;
  /** To be saved under, in letters, digits, dots and dashes; without it a browser may show the file. */
  readonly fileName?: string;
  /** `Cache-Control`; without it nobody keeps the answer. */
  readonly cacheControl?: string;
}

export interface ServerSentEvent<Data> {
  readonly data: Data;
  /** What a caller that comes back sends as `Last-Event-ID`. */
  readonly id?: string;
  readonly event?: string;
}

type Decoded<Type> = Type extends z.ZodType ? z.output<Type> : undefined;

type BodyOf<Body> = Body extends z.ZodType
  ? z.output<Body>
  : Body extends FormBody<infer Fields>
    ? z.output<Fields>
    : Body extends RawBody
      ? Buffer
      : Body extends UploadBody<infer Fields>
        ? { readonly fields: z.output<Fields>; readonly file: UploadedFile }
        : undefined;

type Part<Route, Name extends string> = Route extends { readonly [key in Name]: infer Value } ? Value : undefined;

/** What the handler of a route is given: everything checked and decoded by the route's schemas. */
export type RequestOf<Route extends RouteDefinition> = {
  readonly route: Route;
  readonly params: Decoded<Part<Route, 'params'>>;
  readonly query: Decoded<Part<Route, 'query'>>;
  readonly headers: Decoded<Part<Route, 'headers'>>;
  readonly body: BodyOf<Part<Route, 'body'>>;
  readonly actor: Route['permission'] extends 'public' | 'webhook' ? undefined : Actor;
  readonly requestId: string;
  /** Of a sensitive route: why staff or a key ask. */
  readonly reason: string | undefined;
  /** Aborts when the caller has gone. */
  readonly signal: AbortSignal;
  /** For what no contract describes: cookies, and who is at the other end. */
  readonly http: { readonly request: Request; readonly response: Response };
  readonly ifMatch: Route extends { readonly ifMatch: true } ? IfMatch : undefined;
};

/** What the handler of a route returns: JSON is encoded by the route's schema, which also drops what it does not name. */
export type AnswerOf<Route extends RouteDefinition> =
  Part<Route, 'answer'> extends infer Answer
    ? Answer extends z.ZodType
      ? z.output<Answer>
      : Answer extends BytesAnswer
        ? FileAnswer
        : Answer extends EventStreamAnswer<infer Data>
          ? AsyncIterable<ServerSentEvent<z.output<Data>>>
          : void
    : never;

type Handler<Route extends RouteDefinition> = (
  request: RequestOf<Route>,
  // As with `@Handles`: the transaction in which the idempotency key is kept is the handler's own.
  ...tx: Route extends { readonly idempotent: true } ? [tx: EntityManager] : []
) => AnswerOf<Route> | Promise<AnswerOf<Route>>;

/** The checks of an idempotent route, which are made before there is a transaction; what is returned is done within it. */
type CheckingHandler<Route extends RouteDefinition> = (
  request: RequestOf<Route>,
) => Promise<(tx: EntityManager) => AnswerOf<Route> | Promise<AnswerOf<Route>>>;

/** A request whose handler takes its arguments from here. */
export type AnsweredRequest = Request & {
  switchboard?: { readonly request: RequestOf<RouteDefinition>; readonly tx: EntityManager | undefined };
};

const ROUTE = 'switchboard:route';
const PUBLIC = 'switchboard:public';
const CHECKED_FIRST = 'switchboard:checked-first';

/**
 * Makes a controller's method answer a route. Path, method, status, permission and the checks of what comes in and goes out
 * are the route's; the method takes one argument, and for idempotent routes a transaction besides:
 *
 * ```ts
 * @Implements(ReadAudio)
 * async read({ params }: RequestOf<typeof ReadAudio>): Promise<AnswerOf<typeof ReadAudio>> { … }
 * ```
 *
 * A handler that has to ask somebody first would hold a connection of the pool meanwhile. With `checkFirst` it is called before there
 * is a transaction, changes nothing, and returns what is to be done within it:
 *
 * ```ts
 * @Implements(OpenWebhookEndpoint, { checkFirst: true })
 * async open({ actor, body }: RequestOf<typeof OpenWebhookEndpoint>) {
 *   const url = await this.endpoints.addressOf(body.url);
 *   return (tx: EntityManager) => this.endpoints.open(tx, actor, { ...body, url });
 * }
 * ```
 */
export function Implements<Route extends RouteDefinition>(route: Route): Marks<Handler<Route>>;
export function Implements<Route extends RouteDefinition & { readonly idempotent: true }>(
  route: Route,
  options: { readonly checkFirst: true },
): Marks<CheckingHandler<Route>>;
export function Implements(route: RouteDefinition, { checkFirst = false } = {}): Marks<never> {
  return (target, name, descriptor) => {
    const path = route.path.replaceAll(/\{(\w+)\}/g, ':$1');
    applyDecorators(
      RequestMapping({ path, method: RequestMethod[route.method] }),
      HttpCode(statusOf(route)),
      SetMetadata(ROUTE, route),
      SetMetadata(CHECKED_FIRST, checkFirst),
    )(target, name, descriptor);
    Handed('request')(target, name, 0);
    if (route.idempotent && !checkFirst) Handed('tx')(target, name, 1);
  };
}

// Not TypedPropertyDescriptor: its setter would demand exactly this type where a method that asks for less will do.
type Marks<Method> = (target: object, name: string, descriptor: { value?: Method }) => void;

/** Opens a handler that is no route of the contracts (health, metrics) to whoever reaches the private listener. */
export const Public = () => SetMetadata(PUBLIC, true);

const Handed = createParamDecorator((what: 'request' | 'tx', context: ExecutionContext) => {
  return context.switchToHttp().getRequest<AnsweredRequest>().switchboard?.[what];
});

// Of a handler, or else of its class, as Nest's own Reflector reads them.
const read = (key: string, ...places: object[]): unknown =>
  places.map((place) => Reflect.getMetadata(key, place) as unknown).find((value) => value !== undefined);

export const routeOf = (handler: object) => read(ROUTE, handler) as RouteDefinition | undefined;
export const isCheckedFirst = (handler: object) => read(CHECKED_FIRST, handler) === true;
export const isMarkedPublic = (handler: object, controller: object) => read(PUBLIC, handler, controller) === true;
