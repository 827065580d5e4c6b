import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
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

/** What is being answered when the service stops has so long to be; a connection has no right to longer. */
const GRACE_MS = 10_000;

const connections = new WeakMap<Server, Set<Socket>>();

/** Has to be known of a server before it listens: see `closeServer`. */
export function watchConnections(server: Server): void {
  const open = new Set<Socket>();
  connections.set(server, open);
  server.on('connection', (socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
}

/**
 * Takes no more connections, and resolves when those there are have ended. Node waits for one by which nothing was asked yet until
 * its time-out of a minute, and browsers and pools open such.
 */
export async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  for (const socket of connections.get(server) ?? []) if (socket.bytesRead === 0) socket.destroy();
  const force = setTimeout(() => server.closeAllConnections(), GRACE_MS);
  await closed;
  clearTimeout(force);
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
  const served: RequestListener = (request, response) => {
    publicRequests.add(request);
    application(request, response);
  };
  const server = createServer(front ? (request, response) => front.handle(request, response, served) : served);
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  watchConnections(server);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return server;
}
