/** The bytes are not the Ogg/Opus file they were taken for; the message says where reading stopped. */
export class NotOggOpus extends Error {
  override readonly name = 'NotOggOpus';
}

/** One page of a file. Its bytes stay where they are: a page may hold 255 packets of a byte, and a file millions of them. */
export interface OggPage {
  /** Lengths of the segments; one below 255 ends a packet. A view of the file. */
  lacing: Buffer;
  /** Where the first segment lies in the file. */
  body: number;
  /** Samples at 48 kHz up to the end of the last completed packet; undefined when no packet ends here. */
  granule: bigint | undefined;
  last: boolean;
}

/** What goes onto a page: at most 255 segments of packets, each packet whole. */
export interface OggPageContent {
  packets: Buffer[];
  granule: bigint;
  first?: boolean;
  last?: boolean;
}

const HEADER_BYTES = 27;
const MAX_SEGMENTS = 255;
const NO_PACKET_ENDS = -1n;
const CONTINUED = 0x01;
const FIRST = 0x02;
const LAST = 0x04;

// RFC 3533 §6: polynomial 0x04c11db7, most significant bit first, no inversion. zlib's crc32 is the mirrored kind.
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 0x80000000 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  return crc >>> 0;
});

export function oggCrc(bytes: Buffer, seed = 0): number {
  let crc = seed;
  // By index: the iterator of a Buffer takes several times as long, and a recording may have 20 MB.
  for (let at = 0; at < bytes.length; at += 1) crc = (crc << 8) ^ CRC_TABLE[(crc >>> 24) ^ bytes[at]!]!;
  return crc >>> 0;
}

/** Segments a packet takes on a page; a length that divides by 255 needs a closing segment of zero. */
export const segmentsOf = (packet: Buffer): number => Math.floor(packet.length / 255) + 1;

export const fitsOnPage = (packets: Buffer[]): boolean =>
  packets.reduce((segments, packet) => segments + segmentsOf(packet), 0) <= MAX_SEGMENTS;

/** One page as bytes, RFC 3533 §6. */
export function writePage(page: OggPageContent, serial: number, sequence: number): Buffer {
  const lacing = page.packets.flatMap((packet) => [
    ...Array<number>(segmentsOf(packet) - 1).fill(255),
    packet.length % 255,
  ]);
  const header = Buffer.alloc(HEADER_BYTES + lacing.length);
  header.write('OggS', 0, 'latin1');
  header[5] = (page.first ? FIRST : 0) | (page.last ? LAST : 0);
  header.writeBigInt64LE(page.granule, 6);
  header.writeUInt32LE(serial, 14);
  header.writeUInt32LE(sequence, 18);
  header[26] = lacing.length;
  header.set(lacing, HEADER_BYTES);
  const bytes = Buffer.concat([header, ...page.packets]);
  bytes.writeUInt32LE(oggCrc(bytes), 22);
  return bytes;
}

/**
 * Reads every page of a file with a single logical stream, one after another.
 * @throws NotOggOpus for anything but whole pages in order with right checksums.
 */
export function* readPages(file: Buffer): Generator<OggPage> {
  let offset = 0;
  let serial: number | undefined;
  let isPacketOpen = false;
  for (let number = 0; offset < file.length; number += 1) {
    const page = pageAt(file, offset, number);
    serial ??= page.serial;
    if (page.serial !== serial) throw new NotOggOpus(`page ${number} belongs to a second stream`);
    if (page.sequence !== number) throw new NotOggOpus(`page ${number} is missing`);
    if (page.continued !== isPacketOpen) throw new NotOggOpus(`page ${number} does not continue the last`);
    isPacketOpen = page.lacing.length > 0 ? page.lacing[page.lacing.length - 1] === 255 : isPacketOpen;
    yield page;
    offset = page.end;
  }
  if (isPacketOpen) throw new NotOggOpus('the last packet is cut short');
}

const NO_CHECKSUM = Buffer.alloc(4);

function pageAt(file: Buffer, start: number, number: number) {
  const cut = () => new NotOggOpus(`page ${number} is cut short`);
  if (file.toString('latin1', start, start + 4) !== 'OggS') throw new NotOggOpus(`no Ogg page at byte ${start}`);
  if (file.length < start + HEADER_BYTES) throw cut();
  if (file[start + 4] !== 0) throw new NotOggOpus(`page ${number} has an unknown version of Ogg`);
  const body = start + HEADER_BYTES + file[start + 26]!;
  if (file.length < body) throw cut();
  const lacing = file.subarray(start + HEADER_BYTES, body);
  let end = body;
  for (let segment = 0; segment < lacing.length; segment += 1) end += lacing[segment]!;
  if (file.length < end) throw cut();

  // The checksum is that of the page with zeros in its place.
  const before = oggCrc(file.subarray(start, start + 22));
  if (oggCrc(file.subarray(start + 26, end), oggCrc(NO_CHECKSUM, before)) !== file.readUInt32LE(start + 22))
    throw new NotOggOpus(`page ${number} has a wrong checksum`);

  const granule = file.readBigInt64LE(start + 6);
  const flags = file[start + 5]!;
  return {
    lacing,
    body,
    end,
    granule: granule === NO_PACKET_ENDS ? undefined : granule,
    serial: file.readUInt32LE(start + 14),
    sequence: file.readUInt32LE(start + 18),
    continued: (flags & CONTINUED) !== 0,
    last: (flags & LAST) !== 0,
  };
}
