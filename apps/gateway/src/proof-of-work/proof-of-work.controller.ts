import { Controller } from '@nestjs/common';
import { CreateProofChallenge } from '@switchboard/contracts';
import { type AnswerOf, Implements } from '@switchboard/service-kit';
import { ProofOfWorkService } from './proof-of-work.service';

/** Hands out the work that a browser has to show before it may try further passwords. */
@Controller()
export class ProofOfWorkController {
  constructor(private readonly proofOfWork: ProofOfWorkService) {}

  @Implements(CreateProofChallenge)
  async create(): Promise<AnswerOf<typeof CreateProofChallenge>> {
    const { challenge, expiresAt } = await this.proofOfWork.challenge();
    return { challenge: { ...challenge }, expiresAt };
  }
}
