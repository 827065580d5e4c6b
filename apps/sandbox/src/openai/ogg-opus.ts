import OpusScript from 'opusscript';

/** Granule positions count samples at 48 kHz, whatever rate was encoded (RFC 7845 §4). */
const GRANULES_PER_SECOND = 48_000;
/** Samples at 48 kHz the encoder delays the sound by: 6.5 ms, libopus' lookahead. */
const PRE_SKIP = 312;
/** Bits a second; with it a page of fifty packets stays far below the 255 segments it can hold. */
const BITRATE = 32_000;
const PACKETS_PER_PAGE = 50;
/** OPUS_SET_COMPLEXITY, from opus_defines.h; the lowest is several times faster and tones do not suffer. */
const SET_COMPLEXITY = 4010;

/**
 * Encodes frames of 20 ms of 16-bit mono sound into an Ogg/Opus file, one page (a second) at a time.
 * Follows RFC 3533 (pages) and RFC 7845 (headers).
 */
export function* encodeOggOpus(frames: Iterable<Int16Array>, sampleRate: 24_000 | 48_000): Generator<Buffer> {
  const encoder = new OpusScript(sampleRate, 1, OpusScript.Application.AUDIO);
  try {
    encoder.encoderCTL(SET_COMPLEXITY, 0);
    encoder.setBitrate(BITRATE);
    const pages = new OggPages(0x53414e44);
    yield pages.page([headPacket(sampleRate)], { granule: 0, first: true });
    yield pages.page([tagsPacket()], { granule: 0 });

    let granule = 0;
    let packets: Buffer[] = [];
    for (const frame of frames) {
      if (packets.length === PACKETS_PER_PAGE) {
        yield pages.page(packets, { granule });
        packets = [];
      }
      packets.push(encoder.encode(Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength), frame.length));
      granule += (frame.length / sampleRate) * GRANULES_PER_SECOND;
    }
    yield pages.page(packets, { granule, last: true });
  } finally {
    encoder.delete();
  }
}

/** Seconds of sound in an Ogg/Opus file by the granule position of its last page; undefined when it is none. */
export function oggSeconds(file: Buffer): number | undefined {
  const head = file.indexOf('OpusHead');
  const lastPage = file.lastIndexOf('OggS');
  if (!file.subarray(0, 4).equals(Buffer.from('OggS')) || head < 0 || head + 12 > file.length) return undefined;
  if (lastPage + 14 > file.length) return undefined;
  const granule = Number(file.readBigInt64LE(lastPage + 6));
  return Math.max(0, granule - file.readUInt16LE(head + 10)) / GRANULES_PER_SECOND;
}

function headPacket(sampleRate: number): Buffer {
  const packet = Buffer.alloc(19);
  packet.write('OpusHead');
  packet.writeUInt8(1, 8); // version
  packet.writeUInt8(1, 9); // channels
  packet.writeUInt16LE(PRE_SKIP, 10);
  packet.writeUInt32LE(sampleRate, 12);
  return packet; // output gain and mapping family stay 0
}

function tagsPacket(): Buffer {
  const vendor = Buffer.from('sandbox');
  const packet = Buffer.alloc(8 + 4 + vendor.length + 4);
  packet.write('OpusTags');
  packet.writeUInt32LE(vendor.length, 8);
  vendor.copy(packet, 12);
  return packet;
}

class OggPages {
  private sequence = 0;

  constructor(private readonly serial: number) {}

  page(packets: Buffer[], { granule, first, last }: { granule: number; first?: boolean; last?: boolean }): Buffer {
    const lacing = packets.flatMap((packet) => [
      ...Array<number>(Math.floor(packet.length / 255)).fill(255),
      packet.length % 255,
    ]);
    const header = Buffer.alloc(27);
    header.write('OggS');
    header.writeUInt8((first ? 2 : 0) | (last ? 4 : 0), 5);
    header.writeBigInt64LE(BigInt(granule), 6);
    header.writeUInt32LE(this.serial, 14);
    header.writeUInt32LE(this.sequence++, 18);
    header.writeUInt8(lacing.length, 26);
    const page = Buffer.concat([header, Buffer.from(lacing), ...packets]);
    page.writeUInt32LE(checksum(page), 22);
    return page;
  }
}

/** Ogg's own CRC: polynomial 0x04c11db7, not reflected, from 0 and without a final inversion, so zlib's does not serve. */
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index << 24;
  for (let bit = 0; bit < 8; bit += 1) value = (value << 1) ^ (value & 0x80000000 ? 0x04c11db7 : 0);
  return value >>> 0;
});

function checksum(bytes: Buffer): number {
  let crc = 0;
  for (const byte of bytes) crc = ((crc << 8) ^ CRC_TABLE[(crc >>> 24) ^ byte]!) >>> 0;
  return crc;
}
