import { type AppDefinition, kitDataMap, type TableMap } from '@switchboard/service-kit';

/** What every service keeps of whom, for people, in Markdown. */
export const dataMapPage = (apps: readonly AppDefinition[]): string => `# Data map

What each service keeps, why, for how long, and what becomes of it when a person asks to be erased. Written by \`npm run docs\` from
\`apps/*/src/*.data-map.ts\`, which specs hold against the migrated databases. Ids, numbers, flags and times are listed only where somebody would ask.

## In every service

${tables(kitDataMap)}

${apps.map(({ name, dataMap = {} }) => `## ${name}\n\n${tables(dataMap)}`).join('\n\n')}
`;

const tables = (map: Readonly<Record<string, TableMap>>) =>
  [
    ['table', 'why', 'for how long', 'when a person is erased', 'what is in it'],
    ['---', '---', '---', '---', '---'],
    ...Object.entries(map).map(([name, { purpose, retention, erasure, columns, others = {} }]) => [
      `\`${name}\``,
      purpose,
      retention,
      erasure,
      [
        ...Object.entries(columns).map(([column, holds]) => `\`${column}\`: ${holds}`),
        ...Object.entries(others).map(
          ([column, rule]) => `\`${column}\`: A person, too; when that one is erased: ${rule}`,
        ),
      ].join('<br>'),
    ]),
  ]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n');
