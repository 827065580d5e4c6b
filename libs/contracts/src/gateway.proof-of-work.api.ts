import { z } from 'zod';
import { Instant } from './api.shapes';
import { defineRoute } from './define-route';

// Who fills in a form once computes for a moment and notices nothing; who does it a million times pays for it.

export const CreateProofChallenge = defineRoute({
  id: 'gateway.proof-of-work.create-challenge',
  method: 'POST',
  path: '/proof-of-work/challenges',
  summary:
    'Something to compute, for what is open to everybody and answers `gateway.proof_of_work_needed`. The challenge is one of ALTCHA, version 2.',
  permission: 'public',
  answer: z
    .object({
      challenge: z.looseObject({}).describe('`parameters` and `signature`, as the libraries of ALTCHA take them.'),
      expiresAt: Instant,
    })
    .meta({ id: 'gateway.ProofChallenge' }),
  status: 201,
});

/** A header of routes that want it. */
export const proofOfWorkHeaders = z.object({
  'x-proof-of-work': z
    .string()
    .max(4000)
    .optional()
    .describe('base64 of `{"challenge":…,"solution":…}`, a challenge from here with its solution. It counts once.'),
});

export const proofOfWorkProblems = { 'gateway.proof_of_work_needed': 403 } as const;
