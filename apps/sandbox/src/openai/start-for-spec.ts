import type { AddressInfo } from 'node:net';
import express from 'express';
import OpenAI from 'openai';
import { Faults } from '../faults';
import { createOpenAi, type OpenAiOptions } from './openai.server';
import type { LoggedRequest } from './request-log';
import type { NewScriptedAnswer } from './script';

export const AT_ONCE = { firstTokenMs: 0, betweenTokensMs: 0 };

/** The server on a port of its own, answering at once unless told otherwise, and the stock client pointed at it. */
export async function startOpenAi(options: OpenAiOptions = { pace: AT_ONCE }) {
  const faults = new Faults();
  const { router, control } = createOpenAi(faults, options);
  const app = express().use('/openai/v1', router).use('/control/openai', control);
  const server = app.listen(0, '127.0.0.1');
  await new Promise((listening) => server.once('listening', listening));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const baseURL = `${origin}/openai/v1`;

  async function steer(method: string, path: string, body?: unknown): Promise<Response> {
    return fetch(`${origin}/control/openai${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  }

  return {
    faults,
    baseURL,
    control: steer,
    /** Tries once, so that a spec sees the first answer and not the third. */
    client: new OpenAI({ apiKey: 'sk-sandbox', baseURL, maxRetries: 0 }),
    fault: (target: string, kind: string, more: { ms?: number; retryAfter?: number; times?: number } = {}) =>
      faults.add({ target, kind, times: 1, ...more }),
    script: (answer: NewScriptedAnswer) => steer('POST', '/script', answer),
    requests: async (since = 0) => (await steer('GET', `/requests?since=${since}`)).json() as Promise<LoggedRequest[]>,
    post: (path: string, body: string | object, headers: Record<string, string> = {}) =>
      fetch(`${baseURL}${path}`, {
        method: 'POST',
        headers: { authorization: 'Bearer sk-sandbox', 'content-type': 'application/json', ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    stop: async () => {
      const closed = new Promise((done) => server.close(done));
      server.closeAllConnections();
      await closed;
    },
  };
}

export type RunningOpenAi = Awaited<ReturnType<typeof startOpenAi>>;
