import { createServer } from 'node:http';

const ANSWER = JSON.stringify({ from: '2026-01-01T00:00:00Z', to: '2026-02-01T00:00:00Z', totals: [] });

/** The least that a service can do: an answer at once, or a first event of a stream and its end a little later. */
createServer((request, response) => {
  if (request.url?.includes('stream')) {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: first\n\n');
    setTimeout(() => response.end('data: last\n\n'), 5);
    return;
  }
  response.setHeader('content-type', 'application/json').end(ANSWER);
}).listen(Number(process.env['PORT']), '127.0.0.1', () => console.log('ready'));
