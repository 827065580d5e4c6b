const LONE_SURROGATE = /\p{Surrogate}/gu;
const CONTROL = /[\x01-\x08\x0b-\x1f\x7f]/g;

/**
 * Makes any string safe to send as JSON and UTF-8: lone surrogates and NUL become U+FFFD, line ends become `\n`, other
 * control characters become spaces (Telegram does the same on arrival, so the lengths we count stay the lengths it counts).
 */
export function cleanText(text: string): string {
  return text
    .replace(/\r\n?/g, '\n')
    .replace(LONE_SURROGATE, '\uFFFD')
    .replaceAll('\0', '\uFFFD')
    .replace(CONTROL, ' ');
}

/** False for texts that Telegram refuses as empty: only spaces, zero-width and direction marks, or blank fillers. */
export function isVisible(text: string): boolean {
  return /[^\s\p{Cf}\p{Cc}\u2800\u3164]/u.test(text);
}

// The names models write. HTML knows two thousand more; those stay as they were typed.
const NAMED: Record<string, string> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: '\u00a0',
  ensp: '\u2002',
  emsp: '\u2003',
  thinsp: '\u2009',
  shy: '\u00ad',
  zwj: '\u200d',
  zwnj: '\u200c',
  hellip: '…',
  mdash: '—',
  ndash: '–',
  minus: '−',
  bull: '•',
  middot: '·',
  laquo: '«',
  raquo: '»',
  lsquo: '‘',
  rsquo: '’',
  ldquo: '“',
  rdquo: '”',
  bdquo: '„',
  larr: '←',
  uarr: '↑',
  rarr: '→',
  darr: '↓',
  harr: '↔',
  rArr: '⇒',
  copy: '©',
  reg: '®',
  trade: '™',
  deg: '°',
  plusmn: '±',
  times: '×',
  divide: '÷',
  ne: '≠',
  le: '≤',
  ge: '≥',
  asymp: '≈',
  infin: '∞',
  radic: '√',
  sum: '∑',
  pi: 'π',
  micro: 'µ',
  sect: '§',
  para: '¶',
  frac12: '½',
  frac14: '¼',
  sup2: '²',
  sup3: '³',
  euro: '€',
  pound: '£',
  yen: '¥',
  cent: '¢',
  check: '✓',
};

/** Decodes HTML character references once: `&amp;lt;` becomes `&lt;`, not `<`. Unknown names stay as typed. */
export function decodeReferences(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(/&(?:#(\d{1,7})|#[xX]([\da-fA-F]{1,6})|([a-zA-Z][a-zA-Z\d]{1,9}));/g, (whole, dec, hex, name) => {
    if (name) return Object.hasOwn(NAMED, name) ? NAMED[name]! : whole;
    const codePoint = dec ? Number(dec) : Number.parseInt(hex, 16);
    return cleanText(codePoint <= 0x10ffff ? String.fromCodePoint(codePoint) : '\uFFFD');
  });
}
