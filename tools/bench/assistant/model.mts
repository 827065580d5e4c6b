import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Asked {
  readonly messages: readonly { readonly role: string; readonly content: string }[];
}

/** A pretended model that knows the answers and cites the passage they are from, as it is numbered in what it was sent. */
export async function startAnsweringModel(
  answerTo: (question: string) => { heading: string; answer: string } | undefined,
) {
  let calls = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (!request.url?.endsWith('/chat/completions')) return response.writeHead(404).end('{}');
      calls += 1;
      const { messages } = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Asked;
      const known = answerTo(messages.at(-1)!.content);
      const number = known && numberOf(messages[0]!.content, known.heading);
      stream(response, known ? `${known.answer}${number ? ` [${number}]` : ''}` : 'I do not know.');
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    calls: () => calls,
    close: () =>
      new Promise<void>((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

/** `[3] Магазин › Возврат` */
const numberOf = (system: string, heading: string): string | undefined =>
  [...system.matchAll(/^\[(\d+)\] (.*)$/gm)].find(([, , place]) => place!.endsWith(heading))?.[1];

function stream(response: ServerResponse, text: string): void {
  const chunk = (delta: object, finish_reason: string | null) =>
    `data: ${JSON.stringify({ id: 'chatcmpl-bench', object: 'chat.completion.chunk', created: 0, model: 'bench', choices: [{ index: 0, delta, finish_reason }] })}\n\n`;
  const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.write(chunk({ role: 'assistant', content: text }, null));
  response.write(chunk({}, 'stop'));
  response.write(
    `data: ${JSON.stringify({ id: 'chatcmpl-bench', object: 'chat.completion.chunk', created: 0, model: 'bench', choices: [], usage })}\n\n`,
  );
  response.end('data: [DONE]\n\n');
}
