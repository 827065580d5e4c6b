import { Readable } from 'node:stream';
import { context, propagation } from '@opentelemetry/api';
import {
  type Actor,
  type BytesAnswer,
  type EventStreamAnswer,
  type FormBody,
  Problem,
  type RawBody,
  type RouteDefinition,
  serviceOf,
  type UploadBody,
} from '@switchboard/contracts';
import { EventSourceParserStream } from 'eventsource-parser/stream';
import type { Registry } from 'prom-client';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { ResiliencePolicy } from '../resilience-policy';
import { type FileToSend, multipart } from './multipart';
import { requestContext } from './request-context';
import type { ServerSentEvent } from './route.decorators';
import type { ServiceIdentity } from './service-identity';

/** Where the other services answer: `http://127.0.0.1:4103`. */
export type ServiceDirectory = Map<string, string>;

/** A file that was answered; it comes while it is read, and only once. */
export interface Download {
  readonly body: Readable;
  readonly contentType: string;
  /** Where the service has said so. */
  readonly bytes: number | undefined;
  /**
   * All of it; no more than `maxBytes` are read.
   * @throws DownloadTooLarge, or what broke the transfer
   */
  buffer(limits?: { readonly maxBytes?: number }): Promise<Buffer>;
}

/** The file has more bytes than the caller takes. */
export class DownloadTooLarge extends Error {
  override readonly name = 'DownloadTooLarge';

  constructor(maxBytes: number) {
    super(`the file has more than ${maxBytes} bytes`);
  }
}

/** What a route is asked with, as it goes onto the wire. */
export type CallInput<Route extends RouteDefinition> = Sent<Route, 'params'> &
  Sent<Route, 'query'> &
  Sent<Route, 'headers'> &
  SentBody<Route> &
  (Route extends { readonly idempotent: true } ? { readonly idempotencyKey: string } : unknown) &
  (Route extends { readonly ifMatch: true } ? { readonly ifMatch: string } : unknown) &
  (Route extends { readonly sensitive: true } ? { readonly reason: string } : unknown) &
  // Answered by every service, so one has to be named.
  (Route['id'] extends `service-kit.${string}` ? { readonly service: string } : unknown);

type Sent<Route, Name extends string> = Route extends { readonly [key in Name]: infer Type extends z.ZodType }
  ? Nothing extends z.input<Type>
    ? { readonly [key in Name]?: z.input<Type> }
    : { readonly [key in Name]: z.input<Type> }
  : unknown;

type SentBody<Route> = Route extends { readonly body: infer Body }
  ? Body extends z.ZodType
    ? { readonly body: z.input<Body> }
    : Body extends FormBody<infer Fields>
      ? { readonly body: z.input<Fields> }
      : Body extends RawBody
        ? { readonly body: Uint8Array }
        : Body extends UploadBody<infer Fields>
          ? { readonly body: { readonly fields: z.input<Fields>; readonly file: FileToSend } }
          : unknown
  : unknown;

type Nothing = Record<never, never>;

export type CallResult<Route extends RouteDefinition> = Route extends { readonly answer: infer Answer }
  ? Answer extends z.ZodType
    ? z.output<Answer>
    : Answer extends BytesAnswer
      ? Download
      : Answer extends EventStreamAnswer<infer Data>
        ? AsyncIterable<ServerSentEvent<z.output<Data>>>
        : never
  : void;

export interface CallOptions {
  /** For whom; the service itself without one. */
  readonly actor?: Actor;
  /** For each try: until the answer begins, and for JSON until it is here. Default: 15 s. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** An answer of another service that is not 2xx. */
export class UpstreamHttpError extends Error {
  override readonly name = 'UpstreamHttpError';
  constructor(
    readonly route: string,
    readonly status: number,
    /** Undefined when the answer was no problem document. */
    readonly problem: Problem | undefined,
  ) {
    super(`${route} was answered with ${status}${problem ? ` ${problem.code}` : ''}`);
  }
}

/** Whether a call ended with one of the problems its route names. A code that the route does not know is no code at all. */
export function isProblem<Route extends RouteDefinition>(
  error: unknown,
  route: Route,
  ...codes: (keyof Route['problems'] & string)[]
): error is UpstreamHttpError {
  return (
    error instanceof UpstreamHttpError && error.route === route.id && codes.some((code) => code === error.problem?.code)
  );
}

const TIMEOUT_MS = 15_000;
const DOWNLOAD_TIMEOUT_MS = 60_000;
/** Three times as long as a living stream is ever silent. */
const SILENT_MS = 45_000;

/** Calls routes of other services with a signed identity and a deadline. What may be repeated without harm is. */
export class ServiceClient {
  private readonly parties = new Map<string, ResiliencePolicy>();

  constructor(
    private readonly identity: ServiceIdentity,
    private readonly directory: ServiceDirectory,
    private readonly registry: Registry,
  ) {}

  /** Where a service answers; undefined when that is not known. */
  addressOf(service: string): string | undefined {
    return this.directory.get(service);
  }

  /**
   * @throws UpstreamHttpError (see `isProblem`), UpstreamTimeout, UpstreamUnavailable, or what `fetch` throws
   *
   * ```ts
   * const audio = await this.services.call(ReadAudio, { params: { audioId } });
   * ```
   */
  async call<Route extends RouteDefinition>(
    route: Route,
    ...[input, options]: Nothing extends CallInput<Route>
      ? [input?: CallInput<Route>, options?: CallOptions]
      : [input: CallInput<Route>, options?: CallOptions]
  ): Promise<CallResult<Route>> {
    const question = (input ?? {}) as Question;
    const service = question.service ?? serviceOf(route);
    const base = this.addressOf(service);
    if (!base) throw new Error(`It is not known where ${service} answers`);
    const { timeoutMs = TIMEOUT_MS, signal } = options ?? {};
    const ask = (deadline: AbortSignal) =>
      this.ask(route, service, base + pathOf(route, question), question, options, deadline);
    const answer = await this.party(service).call(route.id, ask, {
      idempotent: mayRepeat(route, question),
      timeoutMs,
      ...(signal && { signal }),
    });
    return answer as CallResult<Route>;
  }

  private async ask(
    route: RouteDefinition,
    service: string,
    url: string,
    question: Question,
    { actor, signal }: CallOptions = {},
    deadline: AbortSignal,
  ): Promise<unknown> {
    const requestId = requestContext()?.requestId ?? uuidv7();
    const { body, contentType } = bodyOf(route, question.body);
    // The policies abort their signal as soon as they are done, and a stream goes on after that.
    const cut = new AbortController();
    const end = () => cut.abort(deadline.reason);
    deadline.addEventListener('abort', end, { once: true });
    const signals = [
      cut.signal,
      ...(signal ? [signal] : []),
      ...(isBytes(route) ? [AbortSignal.timeout(DOWNLOAD_TIMEOUT_MS)] : []),
    ];
    const traced: Record<string, string> = {};
    propagation.inject(context.active(), traced);
    const response = await fetch(url, {
      method: route.method,
      signal: AbortSignal.any(signals),
      headers: {
        authorization: `Bearer ${await this.identity.tokenFor(service, { requestId, ...(actor && { actor }) })}`,
        'x-request-id': requestId,
        ...traced,
        ...(contentType && { 'content-type': contentType }),
        ...(question.idempotencyKey && { 'idempotency-key': question.idempotencyKey }),
        ...(question.ifMatch && { 'if-match': question.ifMatch }),
        ...(question.reason && { 'x-reason': encodeURIComponent(question.reason) }),
        ...question.headers,
      },
      ...(body !== undefined && { body, duplex: 'half' }),
    } as RequestInit);
    if (!response.ok) throw new UpstreamHttpError(route.id, response.status, await problemOf(response));
    const { answer } = route;
    if (!answer) return void (await response.body?.cancel());
    if (answer instanceof z.ZodType) return answer.decode((await response.json()) as never);
    deadline.removeEventListener('abort', end);
    return answer.kind === 'bytes' ? download(response) : follow(response, answer, cut);
  }

  private party(service: string): ResiliencePolicy {
    let party = this.parties.get(service);
    if (!party) {
      const isOutage = (error: unknown) =>
        !(error instanceof z.ZodError) && (!(error instanceof UpstreamHttpError) || error.status >= 500);
      party = new ResiliencePolicy({ name: service, registry: this.registry, timeoutMs: TIMEOUT_MS, isOutage });
      this.parties.set(service, party);
    }
    return party;
  }
}

/** A CallInput without its types. */
interface Question {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly service?: string;
  readonly idempotencyKey?: string;
  readonly ifMatch?: string;
  readonly reason?: string;
}

export function pathOf({ path }: RouteDefinition, { params = {}, query = {} }: Question): string {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(params[name])));
  const search = new URLSearchParams(
    Object.entries(query).flatMap(([name, value]): [string, string][] =>
      value === undefined ? [] : [[name, String(value)]],
    ),
  );
  return search.size > 0 ? `${filled}?${search}` : filled;
}

function mayRepeat({ method, idempotent, body }: RouteDefinition, question: Question): boolean {
  if (body && !(body instanceof z.ZodType) && body.kind === 'upload') {
    const { file } = question.body as { file: FileToSend };
    if (file.body instanceof Readable) return false;
  }
  return idempotent ?? (method === 'GET' || method === 'PUT' || method === 'DELETE');
}

const isBytes = ({ answer }: RouteDefinition) => answer && !(answer instanceof z.ZodType) && answer.kind === 'bytes';

function bodyOf(route: RouteDefinition, value: unknown): { body?: unknown; contentType?: string } {
  const { body } = route;
  if (!body) return {};
  if (body instanceof z.ZodType) return { body: JSON.stringify(value), contentType: 'application/json' };
  switch (body.kind) {
    case 'form':
      return { body: new URLSearchParams(value as Record<string, string>) };
    case 'raw':
      return { body: value, contentType: body.contentType };
    case 'upload': {
      const { fields, file } = value as { fields: Record<string, unknown>; file: FileToSend };
      return multipart(fields, body.field, file);
    }
  }
}

async function problemOf(response: Response): Promise<Problem | undefined> {
  const { data } = Problem.safeParse(await response.json().catch(() => undefined));
  return data;
}

function download(response: Response): Download {
  const body = Readable.fromWeb(response.body as import('node:stream/web').ReadableStream);
  const length = response.headers.get('content-length');
  return {
    body,
    contentType: response.headers.get('content-type') ?? 'application/octet-stream',
    bytes: length === null ? undefined : Number(length),
    buffer: ({ maxBytes = Infinity } = {}) => readUpTo(body, maxBytes),
  };
}

async function readUpTo(body: Readable, maxBytes: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    // Leaving the loop ends the transfer.
    if (bytes > maxBytes) throw new DownloadTooLarge(maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function* follow(
  response: Response,
  { schema }: EventStreamAnswer,
  cut: AbortController,
): AsyncGenerator<ServerSentEvent<unknown>> {
  const watch = setTimeout(() => cut.abort(new Error('the stream of events fell silent')), SILENT_MS);
  const noticed = new TransformStream<string, string>({
    transform(chunk, controller) {
      watch.refresh();
      controller.enqueue(chunk);
    },
  });
  const text = response.body!.pipeThrough(new TextDecoderStream()).pipeThrough(noticed);
  try {
    for await (const { id, event, data } of text.pipeThrough(new EventSourceParserStream())) {
      yield { data: schema.decode(JSON.parse(data) as never), ...(id && { id }), ...(event && { event }) };
    }
  } finally {
    clearTimeout(watch);
  }
}
