import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { run } from '../local/processes.mts';
import { root, stateDir } from '../local/workspace.mts';
import { takeLock } from '../process-lock.mjs';

/** Compiles what changed. The compiler's own words are printed as they come; a failure throws. */
export async function build(): Promise<void> {
  // Two verbs at once would write the same files.
  const release = await takeLock(join(stateDir, 'build.lock'), {
    onWait: (pid) => console.log(`Process ${pid} is building; waiting for it…`),
  });
  try {
    const { code } = await run('tsc', ['-b'], { cwd: root, stdio: 'inherit' });
    if (code !== 0) throw new Error('The build failed: see the compiler above.');
    await buildWeb();
  } finally {
    release();
  }
}

export async function main() {
  await build();
}

const Project = z.object({
  name: z.string(),
  tags: z.array(z.string()).default([]),
  targets: z.object({
    build: z.object({
      options: z.object({ command: z.string() }).optional(),
      outputs: z.array(z.string()).optional(),
    }),
  }),
});

type Project = z.infer<typeof Project> & { folder: string };

function projects(): Project[] {
  // A web app may live inside the app that serves it.
  return globSync(['{apps,libs}/*/project.json', 'apps/*/*/project.json'], { cwd: root, exclude: generated })
    .sort()
    .map((file) => ({ ...Project.parse(JSON.parse(readFileSync(join(root, file), 'utf8'))), folder: dirname(file) }));
}

const generated = (path: string) => /(^|[\\/])(dist|node_modules)$/.test(path);

/**
 * Runs the build command of every web project whose inputs changed. tsc knows by itself what changed; bundling does not, and
 * takes seconds, so the hash of its inputs is kept beside its output.
 */
async function buildWeb() {
  const all = projects();
  const shared = all.filter(({ tags }) => tags.includes('kind:contracts') || tags.includes('kind:ui'));
  for (const project of all.filter(({ tags }) => tags.includes('kind:web'))) {
    const { options, outputs } = project.targets.build;
    if (!options || !outputs?.[0])
      throw new Error(`${project.folder}/project.json: a web build names command and outputs.`);
    const place = (text: string) =>
      text.replaceAll('{projectRoot}', project.folder).replaceAll('{workspaceRoot}', root);
    const stamp = join(resolve(root, place(outputs[0])), '.inputs');
    const inputs = inputsHash([project, ...shared]);
    if (existsSync(stamp) && readFileSync(stamp, 'utf8') === inputs) continue;
    const { code, output } = await run(place(options.command), [], { cwd: root, shell: true });
    if (code !== 0) throw new Error(`${project.name} could not be built:\n${output.trim()}`);
    writeFileSync(stamp, inputs);
  }
}

function inputsHash(from: Project[]): string {
  const hash = createHash('sha256');
  const files = from.flatMap(({ folder }) => globSync(`${folder}/**/*.*`, { cwd: root, exclude: generated }).sort());
  for (const file of [...files, 'package-lock.json']) hash.update(file).update(readFileSync(join(root, file)));
  return hash.digest('hex');
}
