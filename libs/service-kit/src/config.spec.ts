import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { flag, loadConfig, secret } from './config';

const schema = z.object({
  SHOP_PORT: z.coerce.number().int().positive(),
  SHOP_KEY: secret(8),
  SHOP_OPEN: flag().default(false),
  SHOP_URL: z.url(),
});
const good = { SHOP_PORT: '80', SHOP_KEY: 'a long secret', SHOP_URL: 'https://example.org' };

describe('configuration', () => {
  it('is a plain typed object with defaults', () => {
    expect(loadConfig(schema, good)).toEqual({
      SHOP_PORT: 80,
      SHOP_KEY: 'a long secret',
      SHOP_OPEN: false,
      SHOP_URL: 'https://example.org',
    });
  });

  it('tells all mistakes at once', () => {
    const load = () => loadConfig(schema, { SHOP_PORT: 'eighty', SHOP_KEY: 'short', SHOP_OPEN: 'perhaps' });
    expect(load).toThrow(/has 4 mistake\(s\)/);
    expect(load).toThrow(
      /SHOP_PORT: [\s\S]*SHOP_KEY: must have at least 8 characters[\s\S]*SHOP_OPEN: [\s\S]*SHOP_URL: is missing/,
    );
  });

  it('refuses the placeholder of an example file', () => {
    expect(() => loadConfig(schema, { ...good, SHOP_KEY: 'change_me' })).toThrow('SHOP_KEY: is still a placeholder');
  });

  it('takes an empty variable for one that is not set', () => {
    expect(loadConfig(schema, { ...good, SHOP_OPEN: '' }).SHOP_OPEN).toBe(false);
  });

  it('reads a mounted secret from its file, without the line end', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'config-')), 'key');
    writeFileSync(file, 'from a file\n');
    expect(loadConfig(schema, { ...good, SHOP_KEY: undefined, SHOP_KEY_FILE: file }).SHOP_KEY).toBe('from a file');
    expect(() => loadConfig(schema, { ...good, SHOP_KEY_FILE: file })).toThrow('SHOP_KEY: is given twice');
    expect(() => loadConfig(schema, { ...good, SHOP_KEY: undefined, SHOP_KEY_FILE: `${file}.gone` })).toThrow(
      /SHOP_KEY_FILE: ENOENT/,
    );
  });
});
