import { gatewayProofOfWorkCreateChallenge } from '@switchboard/api-client';
import type { Challenge, Solution } from 'altcha-lib';
import ProofWorker from './proof-of-work.worker?worker';

/** What a phone has to spare; each worker tries every n-th number. */
const WORKERS = Math.min(4, navigator.hardwareConcurrency || 2);
const GIVES_UP_MS = 60_000;

/** The value of `X-Proof-Of-Work` for the next request. */
export async function prove(): Promise<string> {
  const { data } = await gatewayProofOfWorkCreateChallenge();
  const challenge = data.challenge as unknown as Challenge;
  return btoa(JSON.stringify({ challenge, solution: await solve(challenge) }));
}

/** In workers, so that the page goes on while they compute. */
async function solve(challenge: Challenge): Promise<Solution> {
  const workers = Array.from({ length: WORKERS }, () => new ProofWorker());
  try {
    return await Promise.any(
      workers.map(
        (worker, counterStart) =>
          new Promise<Solution>((resolve, reject) => {
            worker.onmessage = ({ data }: MessageEvent<Solution | null>) =>
              data ? resolve(data) : reject(new Error('nothing was found'));
            worker.onerror = () => reject(new Error('a worker has failed'));
            worker.postMessage({ challenge, counterStart, counterStep: WORKERS, timeout: GIVES_UP_MS });
          }),
      ),
    );
  } finally {
    for (const worker of workers) worker.terminate();
  }
}
