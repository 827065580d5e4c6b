import { z } from 'zod';

export const proofOfWorkVariables = {
  GATEWAY_PROOF_OF_WORK: z.coerce
    .number()
    .int()
    .min(0)
    .max(100_000)
    .default(300)
    .describe(
      'How long a browser computes before it may ask for a mail or try a third password: tries, of which it makes about a thousand a second. 0 asks for none.',
    ),
};

const config = z.object(proofOfWorkVariables);
export type ProofOfWorkConfig = z.output<typeof config>;
