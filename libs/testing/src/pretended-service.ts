import { Actor, type RouteDefinition, serviceOf, statusOf } from '@switchboard/contracts';
import { decodeJwt } from 'jose';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';

type Part<Route, Name extends string> = Route extends { readonly [key in Name]: infer Schema extends z.ZodType }
  ? z.output<Schema>
  : undefined;

/** What a route was asked with, read as its contract reads it. */
export interface Asked<Route extends RouteDefinition = RouteDefinition> {
  readonly route: string;
  readonly actor: Actor;
  readonly params: Part<Route, 'params'>;
  readonly query: Part<Route, 'query'>;
  readonly body: Part<Route, 'body'>;
  readonly idempotencyKey: string | undefined;
  readonly ifMatch: string | undefined;
}

type Answer<Route extends RouteDefinition> = Route extends { readonly answer: infer Schema extends z.ZodType }
  ? z.output<Schema>
  : void;
type Handler<Route extends RouteDefinition> = (asked: Asked<Route>) => Answer<Route> | Promise<Answer<Route>>;

/** Answered as a problem of the route. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
  ) {
    super(code);
  }
}

/** Another service as its contract describes it: what it is asked is read by the routes, and what it answers as well. */
export class PretendedService {
  /** Everything it was asked, oldest first. */
  readonly asked: Asked[] = [];
  readonly url: string;
  private readonly handlers: { route: RouteDefinition; handle: Handler<RouteDefinition> }[] = [];

  private constructor(
    private readonly name: string,
    private readonly server: Server,
  ) {
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async start(name: string): Promise<PretendedService> {
    const server = createServer();
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const service = new PretendedService(name, server);
    server.on('request', (request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        const answered = service.answer(request.method!, request.url!, request.headers, Buffer.concat(parts));
        // What its contract does not allow is refused, as the real one does.
        const refused = answered.catch(() => ({ status: 400, body: problem(400, 'bad_request') }));
        void refused.then((answer) => {
          if (!answer) return response.destroy();
          response.writeHead(answer.status, { 'content-type': 'application/json' });
          return response.end(answer.body === undefined ? undefined : JSON.stringify(answer.body));
        });
      });
    });
    return service;
  }

  /** From now on a route is answered so; the latest holds. */
  on<Route extends RouteDefinition>(route: Route, handle: Handler<Route>): this {
    if (serviceOf(route) !== this.name) throw new Error(`${route.id} is no route of ${this.name}`);
    this.handlers.unshift({ route, handle: handle as unknown as Handler<RouteDefinition> });
    return this;
  }

  /** The same until what is given back is called. */
  meanwhile<Route extends RouteDefinition>(route: Route, handle: Handler<Route>): () => void {
    this.on(route, handle);
    const added = this.handlers[0]!;
    return () => this.handlers.splice(this.handlers.indexOf(added), 1);
  }

  askedFor<Route extends RouteDefinition>({ id }: Route): Asked<Route>[] {
    return this.asked.filter(({ route }) => route === id) as unknown as Asked<Route>[];
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  private async answer(
    method: string,
    address: string,
    headers: NodeJS.Dict<string | string[]>,
    body: Buffer,
  ): Promise<{ status: number; body?: unknown } | undefined> {
    const { pathname, searchParams } = new URL(address, this.url);
    for (const { route, handle } of this.handlers) {
      const names: string[] = [];
      const pattern = route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => `(${names.push(name) && '[^/]+'})`);
      const found = method === route.method && new RegExp(`^${pattern}$`).exec(pathname);
      if (!found) continue;
      const params = Object.fromEntries(names.map((name, i) => [name, decodeURIComponent(found[i + 1]!)]));
      const token = String(headers['authorization']).replace('Bearer ', '');
      const asked = {
        route: route.id,
        actor: Actor.parse(decodeJwt(token)['act']),
        params: route.params?.decode(params),
        query: route.query?.decode(Object.fromEntries(searchParams)),
        body: route.body instanceof z.ZodType ? route.body.decode(JSON.parse(body.toString()) as never) : undefined,
        idempotencyKey: headers['idempotency-key'],
        ifMatch: headers['if-match'],
      } as unknown as Asked;
      this.asked.push(asked);
      return this.outcomeOf(route, handle, asked);
    }
    return { status: 404, body: problem(404, 'not_found') };
  }

  private async outcomeOf(route: RouteDefinition, handle: Handler<RouteDefinition>, asked: Asked) {
    try {
      const answer = await handle(asked as never);
      if (!(route.answer instanceof z.ZodType)) return { status: statusOf(route) };
      return { status: statusOf(route), body: z.encode(route.answer, answer as never) };
    } catch (error) {
      if (error instanceof Refusal) return { status: error.status, body: problem(error.status, error.code) };
      return undefined;
    }
  }
}

const problem = (status: number, code: string) => ({
  ...{ type: `/problems/${code}`, title: code, status, instance: `/requests/${uuidv7()}`, code },
});
