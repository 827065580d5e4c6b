import { z } from 'zod';

export type HttpMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** What an actor must be allowed to do: `resource:action`. */
export type Permission = `${string}:${string}`;

/**
 * An HTTP route of a service. Controller, OpenAPI document, client and permission check all read this one definition.
 * Schemas describe the wire: what is decoded from it may be richer (`Instant` is a text there and a Date in code).
 */
export interface RouteDefinition {
  /** `<service>.<resource>.<verb>`; those of `service-kit` are answered by every service. */
  readonly id: string;
  readonly method: HttpMethod;
  /** With placeholders that `params` describes: `/audio/{audioId}`. */
  readonly path: `/${string}`;
  /** One sentence for the OpenAPI document. */
  readonly summary: string;
  /**
   * What the actor must be allowed to do. `public` routes are open to everybody; `webhook` routes as well, but a third party
   * calls them and proves itself by a signature or a secret. Only these two are served by the public listener.
   */
  readonly permission: Permission | 'public' | 'webhook';
  /** Services that may call it in their own name. All others, the gateway too, may for an actor with the permission only. */
  readonly callers?: readonly string[];
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  /** Names in lower case. */
  readonly headers?: z.ZodObject;
  /** JSON, unless made by `form`, `raw` or `upload`. */
  readonly body?: z.ZodType | FormBody | RawBody | UploadBody;
  /** JSON, unless made by `bytes` or `eventStream`; without it the route answers 204. */
  readonly answer?: z.ZodObject | BytesAnswer | EventStreamAnswer;
  /** Of a success: 200, or 204 without an answer. */
  readonly status?: 200 | 201 | 202;
  /** Codes of the problems it may answer with, and their statuses; those every route shares are left out. */
  readonly problems?: Readonly<Record<string, number>>;
  /** Needs an `Idempotency-Key`: repeated with the same key it changes nothing more and answers the same. */
  readonly idempotent?: true;
  /** The field of the answer that becomes its `ETag`. */
  readonly etag?: string;
  /** Needs `If-Match` with the ETag that the caller has seen. */
  readonly ifMatch?: true;
  /**
   * How an actor who may see some bots only (`Actor.bots`) is held to them: by the field that names the bot, or by the handler,
   * which must then filter by `actor.bots`. Without it such an actor is refused.
   */
  readonly bots?: `${'params' | 'query' | 'body'}.${string}` | 'filtered';
  /** Dangerous: people must have proven within the last minutes who they are. No API key may call it. */
  readonly stepUp?: true;
  /** Shows what people wrote or who they are: needs the header `X-Reason`, and is audited though it only reads. */
  readonly sensitive?: true;
  /**
   * The gateway writes the entry of the audit log with what the route does: in the transaction of the change, or before anything is
   * shown. Without it there is an entry `begun` before each change, and one of how it ended after it.
   */
  readonly audit?: 'with-change';
  /**
   * A second member of staff has to agree before it is done: always, or when what is asked for says so. The same request is sent
   * again then, so it needs an idempotency key or `If-Match`: with these it is done once however often it comes.
   */
  readonly approval?: true | ApprovalRule;
  /** How much of a rate limit a call uses up: 1 for GET and 2 for everything else without it. */
  readonly cost?: number;
  /** A rate limit of its own at the gateway, beside the usual one of the caller. */
  readonly rate?: RouteRate;
}

/** `sign-in`: guessing is to be slow; `chat`: what people write; `expensive`: what costs money or minutes; `reports`: what pages tell of themselves. */
export type RouteRate = 'sign-in' | 'chat' | 'expensive' | 'reports';

/** Whether what is asked for, as the schemas of the route have decoded it, needs an approval. */
export type ApprovalRule = (asked: { readonly params: never; readonly query: never; readonly body: never }) => boolean;

export interface FormBody<Schema extends z.ZodObject = z.ZodObject> {
  readonly kind: 'form';
  readonly schema: Schema;
}
export interface RawBody {
  readonly kind: 'raw';
  readonly contentType: string;
  readonly maxBytes: number;
}
export interface UploadBody<Fields extends z.ZodObject = z.ZodObject> {
  readonly kind: 'upload';
  /** The part that carries the file. It comes last, so that everything else is known before its first byte. */
  readonly field: string;
  readonly fields: Fields;
  readonly maxBytes: number;
  /** Media types that are taken, for example `image/png` or `audio/*`; any without it. */
  readonly accepts?: readonly string[];
}
export interface BytesAnswer {
  readonly kind: 'bytes';
  readonly contentType: string;
}
export interface EventStreamAnswer<Schema extends z.ZodObject = z.ZodObject> {
  readonly kind: 'events';
  readonly schema: Schema;
}

/** Fields of an `application/x-www-form-urlencoded` body. */
export const form = <Schema extends z.ZodObject>(schema: Schema): FormBody<Schema> => ({ kind: 'form', schema });

/** The body byte by byte, as signatures are computed over it. */
export const raw = (options: { contentType?: string; maxBytes?: number } = {}): RawBody => ({
  kind: 'raw',
  contentType: options.contentType ?? 'application/octet-stream',
  maxBytes: options.maxBytes ?? 1024 * 1024,
});

/** One file with fields about it, as `multipart/form-data`. It is streamed, never held in memory. */
export const upload = <Fields extends z.ZodObject>(
  options: Omit<UploadBody<Fields>, 'kind' | 'field'> & { field?: string },
): UploadBody<Fields> => ({ kind: 'upload', field: 'file', ...options });

/** A file. @param contentType what it usually is; the answer itself may say something narrower */
export const bytes = (contentType = 'application/octet-stream'): BytesAnswer => ({ kind: 'bytes', contentType });

/** Server-sent events whose data is JSON. */
export const eventStream = <Schema extends z.ZodObject>(schema: Schema): EventStreamAnswer<Schema> => ({
  kind: 'events',
  schema,
});

const ROUTE_ID = /^[a-z][a-z0-9-]*(\.[a-z][a-z0-9-]*){2}$/;
const PERMISSION = /^(public|webhook|[a-z][a-z0-9-]*:[a-z][a-z0-9-]*)$/;
const PROBLEM_CODE = /^[a-z][a-z0-9-]*\.[a-z][a-z0-9_]*$/;

/**
 * Defines a route. What contradicts itself is refused when the file is loaded.
 *
 * ```ts
 * export const ReadAudio = defineRoute({
 *   id: 'tts-worker.audio.read', method: 'GET', path: '/audio/{audioId}', summary: 'The audio of a completed speech.',
 *   permission: 'audio:read', callers: ['bot-adapter'],
 *   params: z.object({ audioId: z.string() }), answer: bytes('audio/ogg'), problems: { 'tts-worker.audio_not_found': 404 },
 * });
 * ```
 */
export function defineRoute<const Route extends RouteDefinition>(route: Route): Route {
  const mistakes = mistakesIn(route);
  if (mistakes.length > 0) throw new Error(`The route "${route.id}": ${mistakes.join('; ')}`);
  return route;
}

function mistakesIn({ id, method, path, permission, params, body, answer, ...route }: RouteDefinition): string[] {
  const isForAll = permission === 'public' || permission === 'webhook';
  const named = placeholdersOf(path);
  const described = Object.keys(params?.shape ?? {});
  const changes = method !== 'GET';
  const answersJson = !answer || answer instanceof z.ZodType;
  const fields = answer instanceof z.ZodObject ? Object.keys(answer.shape) : [];
  const checks: [ok: boolean, mistake: string][] = [
    [ROUTE_ID.test(id), 'its id is <service>.<resource>.<verb>'],
    [PERMISSION.test(permission), 'its permission is <resource>:<action>, public or webhook'],
    [[...named].sort().join() === [...described].sort().join(), `its params are ${named.join(', ') || 'none'}`],
    [changes || !body, 'GET has no body'],
    [changes || !(route.idempotent || route.ifMatch), 'GET needs neither idempotency key nor If-Match'],
    [!route.idempotent || answersJson, 'only an answer in JSON can be kept and given again'],
    [!route.idempotent || !isForAll, 'an idempotency key belongs to an actor'],
    [
      !(route.bots || route.stepUp || route.sensitive || route.approval) || !isForAll,
      'nobody is known who calls an open route',
    ],
    [
      !route.approval || Boolean(route.idempotent || route.ifMatch),
      'what was approved is asked for again: it needs an idempotency key or If-Match',
    ],
    [!route.approval || !body || body instanceof z.ZodType, 'only JSON can be shown to whoever approves it'],
    [!route.audit || serviceOf({ id }) === 'gateway', 'only the gateway can write the audit log with its change'],
    [names(route.bots, { params, query: route.query, body }), `it has no field ${route.bots}`],
    [!route.etag || fields.includes(route.etag), `its answer has no field "${route.etag}"`],
    [
      Object.keys(route.problems ?? {}).every((code) => PROBLEM_CODE.test(code)),
      'problem codes are <service>.<reason>',
    ],
  ];
  return checks.filter(([ok]) => !ok).map(([, mistake]) => mistake);
}

/** Whether there is the field that names the bot. */
function names(place: RouteDefinition['bots'], parts: Record<string, unknown>): boolean {
  if (!place || place === 'filtered') return true;
  const [part, field] = place.split('.') as [string, string];
  const schema = parts[part];
  return schema instanceof z.ZodObject && field in schema.shape;
}

/** `/audio/{audioId}` → `['audioId']` */
export const placeholdersOf = (path: string): string[] => [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);

/** `tts-worker.audio.read` → `tts-worker` */
export const serviceOf = ({ id }: Pick<RouteDefinition, 'id'>): string => id.slice(0, id.indexOf('.'));

/** Whether everybody may call it, without a token. */
export const isOpen = ({ permission }: RouteDefinition): boolean => permission === 'public' || permission === 'webhook';

/** The status of its success. */
export const statusOf = ({ status, answer }: RouteDefinition): number => status ?? (answer ? 200 : 204);
