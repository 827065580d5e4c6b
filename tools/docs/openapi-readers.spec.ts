import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(__dirname, '../..');
type Document = Record<string, never> & { paths: Record<string, Record<string, Record<string, unknown>>> };
const document = () => JSON.parse(readFileSync(join(root, 'docs/openapi/switchboard.json'), 'utf8')) as Document;

/** That the whole document is taken is held by npm run check, which takes longer. */
describe('what others say of an OpenAPI document', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'openapi-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const complaintsAbout = (text: object) =>
    new Promise<string>((resolve) => {
      const file = join(folder, 'document.json');
      writeFileSync(file, JSON.stringify(text));
      execFile(process.execPath, ['tools/docs/openapi-readers.mts', file], { cwd: root }, (error, stdout) =>
        resolve(error ? stdout : 'nothing'),
      );
    });

  it('that is none', async () => {
    expect(await complaintsAbout({ ...document(), paths: { usage: {} } })).toContain('It is no OpenAPI document');
  });

  it('that leads nowhere', async () => {
    const lost = { 200: { $ref: '#/components/responses/Lost' } };
    const paths = { '/v1/usage': { get: { ...document().paths['/v1/usage']!['get'], responses: lost } } };
    expect(await complaintsAbout({ ...document(), paths })).toContain("Can't resolve #/components/responses/Lost");
  });

  it('that names no way to prove who asks', async () => {
    const paths = { '/v1/usage': { get: { ...document().paths['/v1/usage']!['get'], security: [{ secret: [] }] } } };
    expect(await complaintsAbout({ ...document(), paths })).toContain('security-defined');
  });
});
