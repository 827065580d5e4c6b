import { Inject, Injectable } from '@nestjs/common';
import { BlindIndex, Clock, CONFIG, DomainError } from '@switchboard/service-kit';
import { type Challenge, createChallenge, type Payload, verifySolution } from 'altcha-lib';
import { deriveKey } from 'altcha-lib/algorithms/pbkdf2';
import { randomInt } from 'node:crypto';
import { Counter, Registry } from 'prom-client';
import { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { SpentOnce } from '../limits/spent-once';
import type { ProofOfWorkConfig } from './proof-of-work.config';

export class ProofOfWorkNeeded extends DomainError {
  constructor() {
    super(
      'gateway.proof_of_work_needed',
      {
        en: 'Your browser has to compute something first, so that nobody does this a million times.',
        ru: 'Сначала браузер должен кое-что вычислить, чтобы никто не делал этого миллион раз.',
      },
      403,
    );
  }
}

/** Each try takes a processor about a millisecond, and a graphics card less: what grows is the number of tries. */
const COST = 2000;
const ALGORITHM = 'PBKDF2/SHA-256';
const LIVES_MS = 5 * 60_000;

const Proof = z.object({
  challenge: z.object({
    parameters: z.looseObject({ expiresAt: z.number(), data: z.object({ id: z.uuid() }) }),
    signature: z.string(),
  }),
  solution: z.looseObject({ counter: z.number(), derivedKey: z.string() }),
});

/** A self-hosted proof of work before what is open to everybody. Nobody else is asked, and nothing is told of who computes. */
@Injectable()
export class ProofOfWorkService {
  private readonly secrets: { readonly hmacSignatureSecret: string; readonly hmacKeySignatureSecret: string };
  private readonly outcomes: Counter<'outcome'>;

  constructor(
    private readonly db: DataSource,
    private readonly spent: SpentOnce,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: ProofOfWorkConfig,
    index: BlindIndex,
    registry: Registry,
  ) {
    this.secrets = {
      hmacSignatureSecret: index.hash('proof of work', 'challenge'),
      hmacKeySignatureSecret: index.hash('proof of work', 'solution'),
    };
    this.outcomes = new Counter({
      name: 'proofs_of_work_total',
      help: 'Requests that had to bring a proof of work: accepted, missing, refused (wrong, too old or used before).',
      labelNames: ['outcome'],
      registers: [registry],
    });
  }

  /** Makes no row: strangers who ask for challenges and never solve them cost next to nothing. */
  async challenge(): Promise<{ challenge: Challenge; expiresAt: Date }> {
    const expiresAt = new Date(this.clock.now().getTime() + LIVES_MS);
    const tries = Math.max(1, this.config.GATEWAY_PROOF_OF_WORK);
    const challenge = await createChallenge({
      ...{ algorithm: ALGORITHM, cost: COST, deriveKey, expiresAt, data: { id: uuidv7() } },
      // So that all take about as long, and the first try is never the right one by chance.
      counter: randomInt(Math.ceil(tries / 2), tries * 2),
      ...this.secrets,
    });
    return { challenge, expiresAt };
  }

  /** @throws ProofOfWorkNeeded without a proof that is right, fresh, and was not used before */
  async demand(text: string | undefined): Promise<void> {
    if (this.config.GATEWAY_PROOF_OF_WORK === 0) return;
    const outcome = text === undefined ? 'missing' : (await this.spend(text)) ? 'accepted' : 'refused';
    this.outcomes.inc({ outcome });
    if (outcome !== 'accepted') throw new ProofOfWorkNeeded();
  }

  private async spend(text: string): Promise<boolean> {
    const proof = read(text);
    if (!proof) return false;
    const { parameters } = proof.challenge;
    if (parameters.expiresAt * 1000 <= this.clock.now().getTime()) return false;
    const { verified } = await verifySolution({ ...(proof as unknown as Payload), deriveKey, ...this.secrets });
    if (!verified) return false;
    return this.spent.spend(this.db.manager, parameters.data.id);
  }
}

function read(text: string): z.output<typeof Proof> | undefined {
  try {
    return Proof.parse(JSON.parse(Buffer.from(text, 'base64').toString()));
  } catch {
    // Made by nobody who meant it.
    return undefined;
  }
}
