import { delimiter, join } from 'node:path';
import { canUseApt, installWithApt } from './apt.mts';
import { isExecutable } from './executable.mts';

const names = ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

const missing = 'Chromium is missing: install chromium (or chromium-headless-shell), or give CHROMIUM_PATH.';

/** A browser for playwright-core's `executablePath`, or the sentence that says what is missing. */
export async function findChromium(): Promise<{ path: string } | { missing: string }> {
  const given = process.env.CHROMIUM_PATH;
  if (given) return isExecutable(given) ? { path: given } : { missing: `CHROMIUM_PATH names no program: ${given}` };
  const present = installedChromium();
  if (present) return { path: present };
  if (!canUseApt()) return { missing };
  // Without a font of its own, the headless shell draws boxes in place of letters.
  const failure = await installWithApt(['chromium-headless-shell', 'fonts-dejavu-core']);
  const path = installedChromium();
  return path ? { path } : { missing: `${missing} apt could not install it: ${failure ?? 'no program came of it'}` };
}

function installedChromium(): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/bin'];
  const mac = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome';
  return [...names.flatMap((name) => folders.map((folder) => join(folder, name))), mac].find(isExecutable);
}
