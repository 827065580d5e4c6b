import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(__dirname, '..');

/** With the reason. */
const ALLOWED: Readonly<Record<string, string>> = {
  'apps/chat-ai/migrations/1764300000000-create-tools.ts': 'made before this was asked; what has run is not changed',
  'apps/payments/migrations/1764300000000-create-usage-billing.ts': 'made before this was asked, for few orders',
  'apps/payments/migrations/1764351100000-find-unknown-orders.ts': 'there is a row only for what differs',
};

it('a condition is added to a table without reading it: nobody could use the table meanwhile', () => {
  const unlike = globSync('apps/*/migrations/*.ts', { cwd: root }).filter((file) => {
    const statements = readFileSync(join(root, file), 'utf8').split(/[`;]/);
    return statements.some((statement) => {
      const added = statement.match(/\bADD (CONSTRAINT "?\w+"? )?(CHECK|FOREIGN KEY)\b/g) ?? [];
      return added.length > (statement.match(/\bNOT VALID\b/g) ?? []).length;
    });
  });
  expect(unlike.toSorted()).toEqual(Object.keys(ALLOWED));
});

/** With the reason. */
const MANY_TABLES: Readonly<Record<string, string>> = {
  'apps/payments/migrations/1764300200000-index-lists.ts': 'made before this was asked; what has run is not changed',
  'apps/payments/migrations/1764320000000-create-offers.ts': 'made before this was asked; what has run is not changed',
  'apps/vpn-provisioner/migrations/1764500200000-index-lists.ts': 'made before this was asked, for thousands of rows',
  'apps/vpn-provisioner/migrations/1764510220000-index-owed-accesses.ts': 'both are changed by what waits for either',
};

it('a migration that indexes what is there does so in one table: whoever writes waits until all its indexes are made', () => {
  const unlike = globSync('apps/*/migrations/*.ts', { cwd: root }).filter((file) => {
    const text = readFileSync(join(root, file), 'utf8');
    if (!text.includes('CREATE INDEX') && !text.includes('CREATE UNIQUE INDEX')) return false;
    const named = [...text.matchAll(/\bINDEX [\w ]*?\bON "?(\w+)"?|^ +\w+: ['"`](\w+) \(/gm)].map(
      ([, on, of]) => on ?? of!,
    );
    const made = [...text.matchAll(/\bCREATE TABLE (?:IF NOT EXISTS )?"?(\w+)"?/g)].map(([, table]) => table!);
    return new Set(named.filter((table) => !made.includes(table))).size > 1;
  });
  expect(unlike.toSorted()).toEqual(Object.keys(MANY_TABLES));
});

/** With the reason. */
const BUILT_WHILE_CLOSED: Readonly<Record<string, string>> = {
  'apps/bot-adapter/migrations/1764310000000-create-broadcasts.ts': 'made before this was asked',
  'apps/bot-adapter/migrations/1764353000000-time-members.ts': 'made before this was asked, for few members',
  'apps/payments/migrations/1764210000000-create-referrals.ts': 'made before this was asked, for few invoices',
};

it('no index is built on a table that nobody can read until the migration ends', () => {
  const unlike = globSync('apps/*/migrations/*.ts', { cwd: root }).filter((file) => {
    const [up] = readFileSync(join(root, file), 'utf8').split('async down(');
    const created = new Set([...up!.matchAll(/CREATE TABLE (\w+)/g)].map(([, table]) => table));
    const closed = new Set<string>();
    const steps = up!.matchAll(
      /\b(ALTER TABLE (?<altered>\w+)|DROP INDEX|CREATE (UNIQUE )?INDEX \w+ ON (?<read>\w+))/g,
    );
    return [...steps].some(({ groups: { altered, read } = {} }) => {
      // Of which table an index is does not stand there: it may be any.
      if (read === undefined) closed.add(altered ?? '*');
      return read !== undefined && !created.has(read) && (closed.has(read) || closed.has('*'));
    });
  });
  expect(unlike.toSorted()).toEqual(Object.keys(BUILT_WHILE_CLOSED));
});
