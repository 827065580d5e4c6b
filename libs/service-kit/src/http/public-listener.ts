import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';

const publicRequests = new WeakSet<IncomingMessage>();

/** Whether a request came in by the public listener. */
export const isPublic = (request: IncomingMessage): boolean => publicRequests.has(request);

/** A second listener before the same application; the guard serves it open routes only. */
export async function listenPublicly(application: RequestListener, port: number, host: string): Promise<Server> {
  const server = createServer((request, response) => {
    publicRequests.add(request);
    application(request, response);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return server;
}
