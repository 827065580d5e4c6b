import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';

/**
 * Longer than proxies and clients keep idle connections (nginx 60 s, undici 4 s, AWS 60 s): the side that asks has to be the one
 * that closes, or a request that is under way at that moment ends in a reset. Node's own default is 5 s.
 */
export const KEEP_ALIVE_MS = 65_000;

const publicRequests = new WeakSet<IncomingMessage>();

/** Whether a request came in by the public listener. */
export const isPublic = (request: IncomingMessage): boolean => publicRequests.has(request);

/** A second listener before the same application; the guard serves it open routes only. */
export async function listenPublicly(application: RequestListener, port: number, host: string): Promise<Server> {
  const server = createServer((request, response) => {
    publicRequests.add(request);
    application(request, response);
  });
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return server;
}
