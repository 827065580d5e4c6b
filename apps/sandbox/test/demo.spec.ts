import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';

const root = join(__dirname, '..', '..', '..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');

/** Tokens of a long question with its history, what is known of it and a long answer. */
const LONG_TURN = 10_000;
/** Somebody who plays all day long. */
const TURNS_A_DAY = 400;

const bots = readdirSync(join(root, 'deploy/demo/bots')).map((file) => {
  const { name, budgets } = JSON.parse(read(`deploy/demo/bots/${file}`)) as {
    name: string;
    budgets: { personPerDayUsd: number; botPerMonthUsd: number };
  };
  return { name, ...budgets };
});

describe.each([
  ['a stack in containers', parseEnv(read('deploy/docker/sandbox.env'))['CHAT_AI_UNKNOWN_PRICE_USD']],
  ['npm start', /CHAT_AI_UNKNOWN_PRICE_USD: '([\d.]+)'/.exec(read('tools/local/installation.mts'))?.[1]],
])('the demo as %s', (_what, dollarsPerMillion) => {
  it.each(bots)(
    '$name can be asked all day: its model has a price of its own',
    ({ personPerDayUsd, botPerMonthUsd }) => {
      const turn = (Number(dollarsPerMillion) * LONG_TURN) / 1_000_000;
      expect(turn).toBeGreaterThan(0);
      expect(personPerDayUsd / turn).toBeGreaterThanOrEqual(TURNS_A_DAY);
      expect(botPerMonthUsd / turn).toBeGreaterThanOrEqual(TURNS_A_DAY * 30);
    },
  );
});
