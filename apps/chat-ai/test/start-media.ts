import { ReadMedia } from '@switchboard/contracts';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { v7 as uuidv7 } from 'uuid';

type Problem = keyof typeof ReadMedia.problems;

/** The bot-adapter, as far as its contract hands out files. */
export async function startMedia() {
  const files = new Map<string, Buffer | Problem>();
  const asked: string[] = [];
  let isAway = false;
  const server = createServer((request, response) => {
    const id = request.url!.split('/').at(-1)!;
    asked.push(id);
    const file = isAway ? undefined : files.get(id);
    if (!file) return void response.writeHead(503).end();
    if (typeof file !== 'string') return void response.writeHead(200, { 'content-type': 'image/jpeg' }).end(file);
    const status = ReadMedia.problems[file];
    const problem = { type: `/problems/${file}`, title: '-', status, code: file, instance: '/requests/1' };
    response.writeHead(status, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  /** What a message carries that came with such a file, or with one that cannot be had. */
  const file = (
    kind: 'photo' | 'document',
    content: Buffer | Problem,
    more: { fileName?: string; bytes?: number } = {},
  ) => {
    const mediaId = uuidv7();
    files.set(mediaId, content);
    return { kind, media: { mediaId, kind, mimeType: 'application/octet-stream', ...more } } as const;
  };

  return {
    directory: new Map([['bot-adapter', `http://127.0.0.1:${port}`]]),
    asked,
    photo: (content: Buffer | Problem) => file('photo', content),
    document: (fileName: string, content: Buffer | string, bytes?: number) =>
      file('document', Buffer.from(content), { fileName, ...(bytes !== undefined && { bytes }) }),
    setAway: (away: boolean) => {
      isAway = away;
    },
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

export type RunningMedia = Awaited<ReturnType<typeof startMedia>>;
