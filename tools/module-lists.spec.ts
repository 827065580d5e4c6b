import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

const root = join(__dirname, '..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');

/** What is called by the clock, a job, an event or a request, and by nobody's code. */
const CALLED_FROM_OUTSIDE = ['jobs', 'handlers', 'controller'];

const services = globSync('apps/*/src/*.app.ts', { cwd: root }).map((file) => basename(file, '.app.ts'));

describe.each(services)('in %s', (service) => {
  it('a module lists each class that only the clock, a job, an event or a request calls: else nothing would', () => {
    const modules = globSync(`apps/${service}/src/**/*.module.ts`, { cwd: root })
      .map((file) => read(file).replaceAll(/^import [^;]*;$/gm, ''))
      .join('\n');
    const files = globSync(`apps/${service}/src/**/*.{${CALLED_FROM_OUTSIDE.join()}}.ts`, { cwd: root });
    const classes = files.flatMap((file) =>
      [...read(file).matchAll(/^export class (\w+)/gm)].map(([, name]) => ({ file, name: name! })),
    );
    const decorated = classes.filter(({ file }) => /@(Scheduled|Runs|Consumer|Controller)\(/.test(read(file)));
    expect(decorated.filter(({ name }) => !new RegExp(`\\b${name}\\b`).test(modules))).toEqual([]);
  });
});
