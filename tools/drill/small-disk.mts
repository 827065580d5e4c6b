import { cpSync, mkdirSync, rmSync, statfsSync } from 'node:fs';
import { run } from '../local/processes.mts';

const ROOMY = '6g';

/** A disk in memory that can run full and be given room again. It survives kill -9 of the programs on it. */
export class SmallDisk {
  private readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** @returns undefined where this process may not mount: only root on Linux may */
  static async mount(folder: string): Promise<SmallDisk | undefined> {
    if (process.getuid?.() !== 0 || process.platform !== 'linux') return undefined;
    mkdirSync(folder, { recursive: true });
    const { code } = await run('mount', ['-t', 'tmpfs', '-o', `size=${ROOMY},mode=0755`, 'tmpfs', folder]);
    return code === 0 ? new SmallDisk(folder) : undefined;
  }

  /** Takes away all that is free: the next page that is written fails with ENOSPC. */
  async fill(): Promise<void> {
    const { bsize, blocks, bfree } = statfsSync(this.folder);
    await this.resize(String((blocks - bfree) * bsize));
  }

  async empty(): Promise<void> {
    await this.resize(ROOMY);
  }

  async unmount({ keep }: { keep: boolean }): Promise<void> {
    const copy = `${this.folder}.copy`;
    if (keep) cpSync(this.folder, copy, { recursive: true });
    await unmount(this.folder);
    if (!keep) return;
    cpSync(copy, this.folder, { recursive: true });
    rmSync(copy, { recursive: true });
  }

  private async resize(size: string): Promise<void> {
    const { code, output } = await run('mount', ['-o', `remount,size=${size}`, this.folder]);
    if (code !== 0) throw new Error(`The disk in ${this.folder} could not be resized: ${output.trim()}`);
  }
}

/** Unmounts what a killed drill has left; a folder that is no mount is left alone. */
export async function unmount(folder: string): Promise<void> {
  await run('umount', [folder]);
}
