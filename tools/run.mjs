// The one entry of every npm script: `node tools/run.mjs <verb> [arguments…]`.
//
// Plain JavaScript without dependencies, so any Node >= 20 can run it on a fresh clone. It installs what the lockfile asks
// for, moves over to the Node pinned there, and calls `main(arguments)` of tools/verbs/<verb>.mts.

import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { ensureInstalled } from './install.mjs';
import { pinnedNode } from './pinned-node.mjs';
import { stopWithNpm } from './stop-with-npm.mjs';

const root = join(fileURLToPath(import.meta.url), '..', '..');
const verbsFolder = join(root, 'tools', 'verbs');

/** `new:event` is typed with a colon and kept in `new-event.mts`: a colon cannot stand in a Windows file name. */
function verbFile(verb) {
  return readdirSync(verbsFolder).find((file) => file === `${verb.replaceAll(':', '-')}.mts`);
}

function knownVerbs() {
  return readdirSync(verbsFolder)
    .filter((file) => file.endsWith('.mts'))
    .map((file) => file.replace(/\.mts$/, '').replace(/^new-/, 'new:'))
    .sort();
}

/** Runs this file again under `node`; resolves with the exit code. */
function runUnder(node) {
  // The channel ends when this process dies, however it dies: that is how a verb notices that it was left alone.
  const child = spawn(node, process.argv.slice(1), { stdio: ['inherit', 'inherit', 'inherit', 'ipc'] });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

async function main() {
  stopWithNpm();
  const [verb, ...args] = process.argv.slice(2);
  const file = verb && verbFile(verb);
  if (!file) {
    console.error(`${verb ? `There is no "${verb}" here` : 'Say what to do'}: ${knownVerbs().join(', ')}.`);
    return 2;
  }
  const installedNow = await ensureInstalled(root);
  const node = pinnedNode(root);
  // After an install the running binary may be the deleted one of the old node_modules, so it is never kept then.
  if (installedNow || node !== process.execPath) return runUnder(node);
  process.chdir(root);
  process.env.PATH = `${join(root, 'node_modules', '.bin')}${delimiter}${process.env.PATH ?? ''}`;
  process.env.NX_DAEMON = 'false';
  const { main: run } = await import(pathToFileURL(join(verbsFolder, file)).href);
  return (await run(args)) ?? 0;
}

main().then(
  (code) => {
    process.exitCode = code;
    process.channel?.unref(); // a verb that listens for the end of its launcher is done listening
  },
  (error) => {
    console.error(error instanceof Error && !process.env.DEBUG ? error.message : error);
    process.exit(1);
  },
);
