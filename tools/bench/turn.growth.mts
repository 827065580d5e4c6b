import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Installation, startInstallation } from '../local/installation.mts';
import { connectSandbox } from '../local/sandbox-client.mts';
import { BOTS, companyIn } from './turn.company.mts';
import { cpuTimes } from './turn.cpu.mts';
import { Load, sideBySide } from './turn.load.mts';
import { BenchModel } from './turn.model.mts';
import { type Person, TelegramSide } from './turn.telegram.mts';

const FEW = 100;
const ROUNDS = 10;
const WARM_UP_ROUNDS = 5;
const SIDE_BY_SIDE = 16;
const WITHIN_MS = 60_000;

/**
 * Processor time of the services and the database per turn when `chats` chats are known, over the same when there are 100.
 * Both times 100 people ask their second question after a new beginning, ten times over, so that all else is equal.
 */
export async function growthRatio(chats: number): Promise<number> {
  const stateDir = mkdtempSync(join(tmpdir(), 'switchboard-growth-'));
  const env = companyIn(join(stateDir, 'company'));
  const installation = await startInstallation({ stateDir, ports: 'free', env });
  try {
    const sandbox = await connectSandbox(installation.sandboxUrl);
    await new BenchModel(sandbox).prepare();
    const telegram = await TelegramSide.of(sandbox, {
      serviceUrl: installation.services['bot-adapter']!,
      bots: BOTS,
    });
    try {
      const people = await telegram.introduce(FEW, WITHIN_MS);
      const growth = new Growth(installation, stateDir, telegram);
      await growth.cpuPerTurn(() => people, WARM_UP_ROUNDS);
      const few = await growth.cpuPerTurn(() => people, ROUNDS);
      console.log(`${FEW} chats: ${few.toFixed(1)} ms of processor time per turn`);
      people.push(...(await telegram.introduce(chats - FEW, WITHIN_MS)));
      await growth.ask(people.slice(FEW));
      const many = await growth.cpuPerTurn((round) => spread(people, round), ROUNDS);
      console.log(`${chats} chats: ${many.toFixed(1)} ms of processor time per turn`);
      return Math.round((many / few) * 100) / 100;
    } finally {
      await telegram.close();
    }
  } finally {
    await installation.stop();
    rmSync(stateDir, { recursive: true, force: true });
  }
}

/** As many people as at first, from all over. */
const spread = (people: Person[], round: number) =>
  Array.from({ length: FEW }, (_, i) => people[(Math.floor((i * people.length) / FEW) + round) % people.length]!);

class Growth {
  private readonly installation: Installation;
  private readonly stateDir: string;
  private readonly telegram: TelegramSide;
  private readonly load: Load;

  constructor(installation: Installation, stateDir: string, telegram: TelegramSide) {
    this.installation = installation;
    this.stateDir = stateDir;
    this.telegram = telegram;
    this.load = new Load(telegram, []);
  }

  ask(people: Person[]) {
    return this.load.once(people, SIDE_BY_SIDE);
  }

  async cpuPerTurn(peopleOf: (round: number) => Person[], rounds: number): Promise<number> {
    let ms = 0;
    let turns = 0;
    for (let round = 0; round < rounds; round++) {
      const people = peopleOf(round);
      await sideBySide(people, SIDE_BY_SIDE, (person) => this.telegram.beginAnew(person, WITHIN_MS));
      await this.ask(people);
      const before = cpuTimes(this.installation, this.stateDir);
      turns += (await this.ask(people)).length;
      const after = cpuTimes(this.installation, this.stateDir);
      ms += after.services - before.services + after.postgres - before.postgres;
    }
    return ms / turns;
  }
}
