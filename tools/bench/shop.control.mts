import { createServer } from 'node:http';

/** Work that is asked of a process of a benchmark by `POST /<name>/<argument>…` at CONTROL_PORT; answered when it is done. */
export function control(work: (...asked: string[]) => Promise<void>): void {
  const server = createServer(async (request, response) => {
    const [, , ...asked] = request.url!.split('/');
    await work(...asked);
    response.writeHead(204).end();
  });
  server.listen(Number(process.env['CONTROL_PORT']), '127.0.0.1');
}

/** Ends the process, after `stop`, once it is asked to. */
export function stopWhenAsked(stop: () => Promise<unknown>): void {
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.once(signal, () => void stop().finally(() => process.exit(0)));
}
