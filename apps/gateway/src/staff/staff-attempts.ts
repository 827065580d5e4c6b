import { Injectable } from '@nestjs/common';
import { LimitsService } from '../limits/limits.service';
import type { RateLimit } from '../limits/rate-limit';
import { ProofOfWorkService } from '../proof-of-work/proof-of-work.service';
import { TooManyAttempts } from './staff.errors';

/** Five wrong ones at once, and then one every three minutes; where they come from has a limit of its own at the edge. */
const ATTEMPTS: RateLimit = { name: 'staff-attempts', limit: 5, windowMs: 15 * 60_000, kind: 'spread', burst: 5 };
const WITHOUT_PROOF = 2;

export interface Attempt {
  /** It was right, and is given back. */
  succeeded(): Promise<void>;
}

/** Guessing at one account is slow, whoever does it from wherever, and whether there is such an account or not. */
@Injectable()
export class StaffAttempts {
  constructor(
    private readonly limits: LimitsService,
    private readonly proofOfWork: ProofOfWorkService,
  ) {}

  /** @throws TooManyAttempts */
  async begin(who: string): Promise<Attempt> {
    return (await this.pay(who)).attempt;
  }

  /** The same of who comes with a proof of work when there were two wrong ones. @throws TooManyAttempts, ProofOfWorkNeeded */
  async beginProven(who: string, proof: string | undefined): Promise<Attempt> {
    const { attempt, number } = await this.pay(who);
    if (number > WITHOUT_PROOF) {
      await this.proofOfWork.demand(proof).catch(async (error: unknown) => {
        await attempt.succeeded();
        throw error;
      });
    }
    return attempt;
  }

  private async pay(who: string): Promise<{ attempt: Attempt; number: number }> {
    const pay = (cost: number) => this.limits.pay([{ limit: ATTEMPTS, subject: `staff attempts ${who}`, cost }]);
    const [balance] = await pay(1);
    if (!balance!.allowed) throw new TooManyAttempts(Math.ceil(balance!.resetMs / 1000));
    return {
      attempt: { succeeded: async () => void (await pay(-1)) },
      number: balance!.used,
    };
  }
}
