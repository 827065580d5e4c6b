import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

interface Chunk {
  file: string;
  isEntry?: boolean;
  isDynamicEntry?: boolean;
  imports?: string[];
  css?: string[];
}

const dist = join(__dirname, 'dist');
const manifestFile = join(dist, '.vite/manifest.json');
const KB = 1000;

// Written by the build, which `npm test` runs before its specs; where it is missing in CI, that is a failure.
(process.env['CI'] === 'true' || existsSync(manifestFile) ? describe : describe.skip)(
  'what a browser loads of the console',
  () => {
    const manifest = () => JSON.parse(readFileSync(manifestFile, 'utf8')) as Record<string, Chunk>;
    const sizes = new Map<string, number>();
    const sizeOf = (file: string): number => {
      const known = sizes.get(file) ?? gzipSync(readFileSync(join(dist, file))).length;
      sizes.set(file, known);
      return known;
    };
    /** A chunk with all that it imports before anything is drawn. */
    const filesOf = (chunks: Record<string, Chunk>, key: string, seen = new Set<string>()): Set<string> => {
      const chunk = chunks[key];
      if (!chunk || seen.has(chunk.file)) return seen;
      seen.add(chunk.file);
      for (const imported of chunk.imports ?? []) filesOf(chunks, imported, seen);
      return seen;
    };
    /** What the frame of the page loads by itself as soon as it is drawn, whatever page stands in it. */
    const frame = ['src/account-menu.tsx', 'src/shell/step-up-dialog.tsx', 'src/shell/approval-dialog.tsx'];
    const kilobytes = (files: Iterable<string>) => [...files].reduce((sum, file) => sum + sizeOf(file), 0) / KB;

    it('is at most 200 kB of code to begin with', () => {
      const chunks = manifest();
      const entry = Object.keys(chunks).find((key) => chunks[key]!.isEntry)!;
      expect(kilobytes(filesOf(chunks, entry))).toBeLessThanOrEqual(200);
    });

    it('is at most 40 kB more for any page', () => {
      const chunks = manifest();
      const entry = Object.keys(chunks).find((key) => chunks[key]!.isEntry)!;
      const first = filesOf(chunks, entry);
      for (const part of frame) {
        const key = Object.keys(chunks).find((one) => one.endsWith(part))!;
        expect([part, key]).toEqual([part, expect.any(String)]);
        filesOf(chunks, key, first);
      }
      const pages = Object.keys(chunks).filter((key) => chunks[key]!.isDynamicEntry && key.includes('.page.'));
      expect(pages.length).toBeGreaterThan(20);
      const tooMuch = pages
        .map((key) => [key, kilobytes([...filesOf(chunks, key)].filter((file) => !first.has(file)))] as const)
        .filter(([, size]) => size > 40);
      expect(tooMuch).toEqual([]);
    });

    it('is at most 20 kB of styles', () => {
      const styles = new Set(Object.values(manifest()).flatMap(({ file, css = [] }) => [file, ...css]));
      expect(kilobytes([...styles].filter((file) => file.endsWith('.css')))).toBeLessThanOrEqual(20);
    });
  },
);
