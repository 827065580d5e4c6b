import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { Caller } from './service-identity';

/**
 * Longer than proxies and clients keep idle connections (nginx 60 s, undici 4 s, AWS 60 s): the side that asks has to be the one
 * that closes, or a request that is under way at that moment ends in a reset. Node's own default is 5 s.
 */
export const KEEP_ALIVE_MS = 65_000;

/** Stands before the application on the public listener of a service that lets in more than open routes: the gateway. */
export interface PublicFront {
  /** Answers a request, or passes it on to `application`, with `presentCaller` when it knows who asks. */
  handle(request: IncomingMessage, response: ServerResponse, application: RequestListener): void;
}

const publicRequests = new WeakSet<IncomingMessage>();
const presented = new WeakMap<IncomingMessage, Caller>();

/** Says who a public request is from, as the front has found out. */
export function presentCaller(request: IncomingMessage, caller: Caller): void {
  presented.set(request, caller);
}

export const presentedCaller = (request: IncomingMessage): Caller | undefined => presented.get(request);

/** Whether a request came in by the public listener. */
export const isPublic = (request: IncomingMessage): boolean => publicRequests.has(request);

/** A second listener before the same application; the guard serves it open routes, and others to callers whom the front presents. */
export async function listenPublicly(
  application: RequestListener,
  front: PublicFront | undefined,
  port: number,
  host: string,
): Promise<Server> {
  const server = createServer((request, response) => {
    publicRequests.add(request);
    if (front) front.handle(request, response, application);
    else application(request, response);
  });
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return server;
}
