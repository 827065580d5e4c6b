import { setTimeout as sleep } from 'node:timers/promises';
import { PANELS } from '../../local/panels.mts';
import { PROVIDERS } from '../../local/providers.mts';
import type { SandboxClient } from '../../local/sandbox-client.mts';
import type { ShopServer } from '../../local/shop.mts';
import type { Random } from '../service/random.mts';

type FaultRule = Awaited<ReturnType<SandboxClient['faults']>>[number];

const PARTIES: readonly string[] = [...PROVIDERS, ...PANELS];
/** Of calls that change something the answers are lost most often: those must not be made twice. */
const KINDS = [
  ...['500-after-commit', '500-after-commit', '500-after-commit', 'reset-after-commit', 'reset-after-commit'],
  ...['500', '500', 'reset', '502-html', '429', 'delay', 'delay'],
];
const LIES = ['unkept', 'altered:enabled', 'altered:expiresAt', 'altered:limitBytes'];
/** Of some seventy calls that can fail. */
const RULES = 30;
const ANEW_EVERY_MS = 400;

/**
 * Providers and panels that fail, answer late or not at all, say what is not so, and die. What is drawn follows from the seed; whom it
 * meets, and when, from how fast the machine is. However fast: a call that has to do with money fails, and a panel dies.
 */
export class ThirdParties {
  faults = 0;
  deaths = 0;
  private readonly sandbox: SandboxClient;
  private readonly servers: readonly ShopServer[];
  private readonly random: Random;
  /** Calls that are never answered take their whole deadline. */
  private readonly hangs: boolean;
  private isOver = false;
  /** By the rules that are set. */
  private ordered = 0;
  private readonly under: Promise<void>[] = [];

  constructor(sandbox: SandboxClient, servers: readonly ShopServer[], random: Random, { hangs }: { hangs: boolean }) {
    this.sandbox = sandbox;
    this.servers = servers;
    this.random = random;
    this.hangs = hangs;
  }

  begin(): void {
    this.under.push(this.fail(), this.die());
  }

  /** Everybody is there, and answers. */
  async end(): Promise<void> {
    this.isOver = true;
    await Promise.all(this.under);
    await this.countFaults();
    await this.sandbox.setFaults();
    for (const { party, name } of this.servers) await this.sandbox.panels(party).server(name).setPower('up');
  }

  private async fail(): Promise<void> {
    const known = await this.sandbox.knownFaults();
    const targets = Object.keys(known).filter(
      (target) => PARTIES.includes(target.split('.')[0]!) && !target.endsWith('.webhook'),
    );
    const ofMoney = targets.filter((target) => /create|charge|refund/i.test(target));
    while (!this.isOver) {
      await this.countFaults();
      const rules =
        this.faults === 0
          ? ofMoney.map((target): FaultRule => ({ target, kind: '500-after-commit', times: 1 }))
          : Array.from({ length: RULES }, () =>
              this.rule(this.random.pick(this.random.chance(0.4) ? ofMoney : targets), known),
            );
      this.ordered = rules.reduce((sum, { times = 0 }) => sum + times, 0);
      await this.sandbox.setFaults(...rules);
      await sleep(ANEW_EVERY_MS);
    }
  }

  private async countFaults(): Promise<void> {
    const left = (await this.sandbox.faults()).reduce((sum, { times = 0 }) => sum + times, 0);
    this.faults += Math.max(0, this.ordered - left);
  }

  private rule(target: string, known: Record<string, string[]>): FaultRule {
    const { random } = this;
    const lies = known[target]!.includes('unkept') && random.chance(0.3);
    const kind = lies
      ? random.pick(LIES)
      : this.hangs && random.chance(0.05)
        ? random.pick(['hang', 'hang-after-commit'])
        : random.pick(KINDS);
    const ms = kind === 'delay' && { ms: random.int(200, 1500) };
    return { target, kind, times: random.int(1, 3), ...ms, ...(kind === '429' && { retryAfter: 1 }) };
  }

  private async die(): Promise<void> {
    while (!this.isOver) {
      const { party, name } = this.random.pick(this.servers);
      const server = this.sandbox.panels(party).server(name);
      this.deaths += 1;
      await server.setPower(this.hangs ? this.random.pick(['refusing', 'silent'] as const) : 'refusing');
      await sleep(this.random.int(500, this.hangs ? 15_000 : 3000));
      await server.setPower('up');
      await sleep(this.random.int(1500, 5000));
    }
  }
}
