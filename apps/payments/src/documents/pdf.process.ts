/** Lays out a document and writes it as PDF, in a process that may be killed: see child-process.ts. */
import { dirname, join } from 'node:path';

/** What of `pdfmake` is used: it has no types of its own. */
interface PdfMake {
  setFonts(fonts: Readonly<Record<string, Readonly<Record<string, string>>>>): void;
  setUrlAccessPolicy(allows: (url: string) => boolean): void;
  setLocalAccessPolicy(allows: (path: string) => boolean): void;
  createPdf(document: object): { getBuffer(): Promise<Buffer> };
}

// eslint-disable-next-line @typescript-eslint/no-require-imports
const pdfmake = require('pdfmake') as PdfMake;

// Cyrillic, and the signs of currencies; what it has not prints as a box.
const fonts = join(dirname(require.resolve('dejavu-fonts-ttf/package.json')), 'ttf');
const [normal, bold] = [join(fonts, 'DejaVuSans.ttf'), join(fonts, 'DejaVuSans-Bold.ttf')];

pdfmake.setFonts({ DejaVu: { normal, bold, italics: normal, bolditalics: bold } });
// Whatever a document names, nothing but these is opened.
pdfmake.setUrlAccessPolicy(() => false);
pdfmake.setLocalAccessPolicy((path) => path === normal || path === bold);

process.on('disconnect', () => process.exit());
process.on('message', (document: object) => {
  void pdfmake
    .createPdf(document)
    .getBuffer()
    .then((pdf) => process.send?.(pdf));
});
