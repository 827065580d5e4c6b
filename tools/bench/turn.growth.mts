import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Installation, startInstallation } from '../local/installation.mts';
import { connectSandbox } from '../local/sandbox-client.mts';
import { BOTS, companyIn } from './turn.company.mts';
import { cpuTimes } from './turn.cpu.mts';
import { Load, sideBySide } from './turn.load.mts';
import { BenchModel } from './turn.model.mts';
import { ChatCopies } from './turn.seed.mts';
import { type Person, TelegramSide } from './turn.telegram.mts';

const FEW = 100;
const ROUNDS = 6;
const WARM_UP_ROUNDS = 3;
const SIDE_BY_SIDE = 16;
const WITHIN_MS = 60_000;

/**
 * Processor time of the services and the database per turn when `chats` chats are known, over the same when there are 100.
 * Both times 100 people ask their second question after a new beginning, six times over, so that all else is equal. The others
 * are copies of what those people had after their first question.
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
    const copies = await ChatCopies.of(stateDir);
    try {
      const people = await telegram.introduce(FEW, WITHIN_MS);
      const growth = new Growth(installation, stateDir, telegram);
      await growth.ask(people);
      await copies.take();
      await growth.cpuPerTurn(people, WARM_UP_ROUNDS);
      const few = await growth.cpuPerTurn(people, ROUNDS);
      console.log(`${FEW} chats: ${few.toFixed(1)} ms of processor time per turn`);
      await copies.add(Math.ceil(chats / FEW) - 1);
      // Half of those who ask now stand before the others in every table, and half behind them.
      const mixed = [...people.slice(0, FEW / 2), ...(await telegram.introduce(FEW / 2, WITHIN_MS))];
      await growth.ask(mixed);
      await growth.cpuPerTurn(mixed, WARM_UP_ROUNDS);
      const many = await growth.cpuPerTurn(mixed, ROUNDS);
      console.log(`${chats} chats: ${many.toFixed(1)} ms of processor time per turn`);
      return Math.round((many / few) * 100) / 100;
    } finally {
      await copies.close();
      await telegram.close();
    }
  } finally {
    await installation.stop();
    rmSync(stateDir, { recursive: true, force: true });
  }
}

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

  async cpuPerTurn(people: Person[], rounds: number): Promise<number> {
    let ms = 0;
    let turns = 0;
    for (let round = 0; round < rounds; round++) {
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
