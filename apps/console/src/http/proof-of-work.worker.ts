import { type Challenge, solveChallenge } from 'altcha-lib';
import { deriveKey } from 'altcha-lib/algorithms/web/pbkdf2';

interface Work {
  readonly challenge: Challenge;
  readonly counterStart: number;
  readonly counterStep: number;
  readonly timeout: number;
}

self.onmessage = async ({ data }: MessageEvent<Work>) => {
  // What is thrown here ends the worker with an error, of which the page is told.
  self.postMessage(await solveChallenge({ ...data, deriveKey }));
};
