import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { layerProblems, tableProblems } from './layers';

const LAYERS = ['low', 'high'];
const low = `@Entity({ name: 'low_things' })\nexport class LowThing {}\n`;
const high = `import { LowThing } from '../low/low-thing.entity';\n@Entity({ name: 'high_things' })\nexport class HighThing {}\n`;

describe('the layers of a service', () => {
  let sources: string;

  beforeEach(() => {
    sources = mkdtempSync(join(tmpdir(), 'layers-'));
    write('low/low-thing.entity.ts', low);
    write('high/high-thing.entity.ts', high);
  });
  afterEach(() => rmSync(sources, { recursive: true }));

  function write(file: string, text: string): void {
    mkdirSync(dirname(join(sources, file)), { recursive: true });
    writeFileSync(join(sources, file), text);
  }

  it('may import what stands below', () => {
    write('service.module.ts', `import { HighThing } from './high/high-thing.entity';`);
    expect(layerProblems(sources, LAYERS)).toEqual([]);
  });

  it('may not import what stands above, in no folder or in none that is there', () => {
    write('low/low.service.ts', `import { HighThing } from '../high/high-thing.entity';`);
    write('other/other.service.ts', '');
    expect(layerProblems(sources, [...LAYERS, 'gone'])).toEqual([
      'other is in no layer',
      'there is no gone',
      'low/low.service.ts imports high/high-thing.entity, which stands above it',
    ]);
  });

  it('meet in no file beside the folders, unless it is allowed', () => {
    write('service.config.ts', `import { LowThing } from './low/low-thing.entity';`);
    write('high/high.service.ts', `import { config } from '../service.config';`);
    expect(layerProblems(sources, LAYERS)).toEqual([
      'service.config.ts imports low/low-thing.entity, and folders import it',
    ]);
    expect(layerProblems(sources, LAYERS, { 'service.config.ts': 'for now' })).toEqual([]);
    expect(layerProblems(sources, LAYERS, { 'service.config.ts': 'for now', 'other.ts': 'for now' })).toEqual([
      'other.ts need not be allowed any more',
    ]);
  });

  it('name no tables of each other in their statements', () => {
    write('low/low.service.ts', 'tx.query(`DELETE FROM low_things WHERE id IN (SELECT id FROM high_things)`)');
    write('high/high.service.ts', 'tx.query(`UPDATE low_things SET a = 1`)');
    write('high/reads.ts', 'tx.query(`SELECT FROM high_things JOIN low_things USING (id)`)');
    expect(tableProblems(sources, LAYERS).sort()).toEqual([
      'high/high.service.ts changes low_things of low',
      'high/reads.ts reads low_things of low',
      'low/low.service.ts reads high_things of high',
    ]);
  });

  it('may read tables that are read by all, and what is allowed', () => {
    write('high/high.service.ts', 'tx.query(`UPDATE low_things SET a = 1`)');
    write('high/reads.ts', 'tx.query(`SELECT FROM low_things`)');
    write('low/reads.ts', 'tx.query(`SELECT FROM high_things`)');
    const rules = {
      readByAll: ['low_things', 'high_things', 'gone'],
      allowed: { 'high/reads.ts high_things': 'for now' },
    };
    expect(tableProblems(sources, LAYERS, rules).sort()).toEqual([
      'high/high.service.ts changes low_things of low',
      'high/reads.ts high_things need not be allowed any more',
      'low/reads.ts reads high_things of high',
      'there is no gone',
    ]);
  });
});
