import { existsSync, realpathSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Path of the Node to run on: the one the lockfile pins (package `node-<platform>-<arch>`), or the running one where that
 * package does not exist for the platform and the running Node is new enough to run TypeScript by itself.
 */
export function pinnedNode(root, { platform, arch, execPath, version } = process) {
  const folder = `node-${platform === 'win32' ? 'win' : platform}-${arch}`;
  const binary = join(root, 'node_modules', folder, 'bin', platform === 'win32' ? 'node.exe' : 'node');
  if (existsSync(binary)) return realpathSync(binary);
  if (Number.parseInt(version.slice(1), 10) >= 24) return execPath;
  throw new Error(`There is no packaged Node for ${platform}-${arch}: install Node 24 or newer (this is ${version}).`);
}
