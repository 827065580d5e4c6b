const COMMON_RUSSIAN = /[оеаинтсрвл]/g;
/** So much from the first letter on that is not ASCII tells one old encoding from another. */
const JUDGED_BYTES = 64 * 1024;

/** Text of unknown encoding: by its mark, else UTF-8 if it is valid, else the older one that gives the likeliest letters. */
export function decodeText(bytes: Uint8Array): string {
  const marked = encodingByMark(bytes);
  if (marked) return new TextDecoder(marked).decode(bytes);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder(oldEncodingOf(bytes)).decode(bytes);
  }
}

function oldEncodingOf(bytes: Uint8Array): string {
  const start = bytes.findIndex((byte) => byte > 0x7f);
  const judged = bytes.subarray(start, start + JUDGED_BYTES);
  const high = judged.reduce((count, byte) => count + (byte > 0x7f ? 1 : 0), 0);
  const ascii = judged.reduce((count, byte) => count + (isAsciiLetter(byte) ? 1 : 0), 0);
  // Accents are few among the letters of a western text.
  if (high < ascii) return 'windows-1252';
  // In KOI8-R capitals and small letters lie the other way round, so the wrong one reads as SHOUTED nonsense.
  const likely = (encoding: string) => new TextDecoder(encoding).decode(judged).match(COMMON_RUSSIAN)?.length ?? 0;
  return likely('koi8-r') > likely('windows-1251') ? 'koi8-r' : 'windows-1251';
}

const isAsciiLetter = (byte: number) => (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a;

function encodingByMark(bytes: Uint8Array): string | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  if (bytes.length < 4) return undefined;
  // Without a mark every other byte of plain text in UTF-16 is zero.
  if (bytes[1] === 0 && bytes[3] === 0) return 'utf-16le';
  if (bytes[0] === 0 && bytes[2] === 0) return 'utf-16be';
  return undefined;
}
