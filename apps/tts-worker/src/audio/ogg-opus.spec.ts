import fc from 'fast-check';
import { audioPackets, decode, rawPages, rootMeanSquare, shareAt, sine } from '../../test/ogg-reader';
import { joinOggOpus, oggDurationMs, opusPacketsMs, readOggOpus, writeOggOpus } from './ogg-opus';
import { NotOggOpus, writePage } from './ogg-pages';
import { pcmToOpus } from './pcm-to-opus';

const spoken = (frequency: number, seconds: number) => pcmToOpus(sine(frequency, 22_050, seconds), 22_050).ogg;

/** Packets of 20 ms by their first byte (CELT, 20 ms, one frame); only an Opus decoder would look further. */
const packetsOf = (lengths: number[]) => lengths.map((length) => Buffer.alloc(length, 0x98));

describe('an Ogg/Opus file', () => {
  it('has a head, tags and numbered pages of at most a second, each with a right checksum', () => {
    const pages = rawPages(spoken(440, 3.5));
    expect(pages.map((page) => page.crcIsRight)).toEqual(pages.map(() => true));
    expect(pages.map((page) => page.sequence)).toEqual(pages.map((_, index) => index));
    expect(new Set(pages.map((page) => page.serial)).size).toBe(1);
    expect(pages.map((page) => page.flags)).toEqual([2, 0, 0, 0, 0, 4]);
    expect(pages[0]!.body.toString('latin1', 0, 8)).toBe('OpusHead');
    expect(pages[1]!.body.toString('latin1', 0, 8)).toBe('OpusTags');
    expect(pages.map((page) => page.granule)).toEqual([0, 0, 48_000, 96_000, 144_000, 312 + 3.5 * 48_000]);
  });

  it('gives back every packet, whatever the lengths, and the independent reader agrees', () => {
    const lengths = fc.array(
      fc.oneof(fc.integer({ min: 1, max: 1_275 }), fc.constantFrom(255, 510, 254, 256, 20_000)),
      {
        minLength: 1,
        maxLength: 160,
      },
    );
    fc.assert(
      fc.property(lengths, fc.nat(959), (sizes, padding) => {
        const packets = packetsOf(sizes);
        const samples = Math.max(0, packets.length * 960 - 312 - padding);
        const stream = { packets, channels: 1, preSkip: 312, samples, inputSampleRate: 22_050 };
        const file = writeOggOpus(stream);
        expect(readOggOpus(file)).toEqual(stream);
        expect(audioPackets(file)).toEqual(packets);
        expect(rawPages(file).every((page) => page.crcIsRight)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  it('packets carried over from page to page are put together again', () => {
    const file = continuedFile();
    expect(readOggOpus(file).packets.map((packet) => packet.length)).toEqual([600, 40]);
  });

  it('a recording cut out of a live stream is as long as its sound, not as its clock', () => {
    const file = spoken(440, 2);
    const shifted = Buffer.concat(
      rawPages(file).map((page, index) => rewritten(page, { granule: page.granule + (index < 2 ? 0 : 480_000) })),
    );
    expect(oggDurationMs(shifted)).toBe(2_000);
  });
});

describe('the length of all packets', () => {
  it('is told without what the file says of itself', () => {
    const stream = readOggOpus(spoken(440, 2));
    // 2 s and 312 samples of look-ahead take 101 packets of 20 ms.
    for (const forged of [{}, { samples: 0 }, { preSkip: 65_535 }])
      expect(opusPacketsMs(writeOggOpus({ ...stream, ...forged }))).toBe(2_020);
  });
});

describe('a file of very many tiny packets', () => {
  // A packet may be its first byte alone: here SILK, 60 ms, one frame. Such a file is written page by page, because a
  // Buffer for each packet is what is to be avoided.
  const manyPackets = (pages: number) => {
    const [head, tags] = rawPages(spoken(440, 0.1)) as [Page, Page];
    const audio = Array.from({ length: pages }, (_, index) =>
      writePage(
        { packets: Array<Buffer>(255).fill(TINY), granule: BigInt((index + 1) * 255 * 2_880) },
        head.serial,
        index + 2,
      ),
    );
    return Buffer.concat([rewritten(head, {}), rewritten(tags, {}), ...audio]);
  };
  const TINY = Buffer.from([3 << 3]);

  it('is measured without a Buffer for each of them', () => {
    const file = manyPackets(4_000);
    const before = process.memoryUsage().heapUsed;
    expect(opusPacketsMs(file)).toBe(4_000 * 255 * 60);
    expect(oggDurationMs(file)).toBe(Math.round(4_000 * 255 * 60 - 312 / 48));
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(64 * 1024 * 1024);
  });

  it('is not taken apart', () => {
    expect(() => readOggOpus(manyPackets(7_100))).toThrow('more than 1800000 packets');
  });
});

describe('joined files', () => {
  it('sound one after another as one stream', () => {
    const joined = joinOggOpus([spoken(440, 1), spoken(880, 1), spoken(660, 0.5)]);
    const pages = rawPages(joined);
    expect(new Set(pages.map((page) => page.serial)).size).toBe(1);
    expect(pages.map((page) => page.sequence)).toEqual(pages.map((_, index) => index));
    expect(pages.filter((page) => page.flags === 4)).toHaveLength(1);
    expect(pages.every((page) => page.crcIsRight)).toBe(true);

    const heard = decode(joined);
    expect(shareAt(440, heard.subarray(9_600, 43_200), 48_000)).toBeGreaterThan(0.95);
    expect(shareAt(880, heard.subarray(60_000, 91_200), 48_000)).toBeGreaterThan(0.95);
    expect(shareAt(660, heard.subarray(105_600, 115_200), 48_000)).toBeGreaterThan(0.95);
    expect(rootMeanSquare(heard.subarray(105_600, 115_200))).toBeGreaterThan(6_000);
  });

  it('last as long as their parts and at most 27 ms more at each seam', () => {
    const parts = [0.73, 1.01, 0.2].map((seconds) => spoken(440, seconds));
    const joined = oggDurationMs(joinOggOpus(parts));
    expect(joined).toBeGreaterThanOrEqual(1_940);
    expect(joined).toBeLessThanOrEqual(1_940 + 2 * 27);
  });

  it('a single file joined with nothing stays as it is', () => {
    const file = spoken(440, 1);
    expect(joinOggOpus([file]).equals(file)).toBe(true);
  });

  it('nothing cannot be joined', () => {
    expect(() => joinOggOpus([])).toThrow('nothing to join');
  });
});

describe('bytes that are not Ogg/Opus', () => {
  const file = spoken(440, 0.5);

  it.each([
    ['an MP3', Buffer.from('ID3\x04\0\0\0\0\0\0', 'latin1'), 'no Ogg page at byte 0'],
    ['a WAV', Buffer.from('RIFF\0\0\0\0WAVEfmt ', 'latin1'), 'no Ogg page at byte 0'],
    ['nothing', Buffer.alloc(0), 'the first packet is no OpusHead'],
    ['a page header only', file.subarray(0, 20), 'cut short'],
    ['headers without sound', file.subarray(0, 27 + 1 + 19 + 27 + 1 + 27), 'it holds no sound'],
    ['a file cut in the middle of a page', file.subarray(0, file.length - 100), 'cut short'],
    ['a file with a page taken out', Buffer.concat([file.subarray(0, 47), file.subarray(102)]), 'is missing'],
    ['two files chained', Buffer.concat([file, spoken(500, 0.1)]), 'belongs to a second stream'],
    ['an Ogg/Vorbis', vorbisFile(), 'no OpusHead'],
  ])('%s is refused with the reason', (_, bytes, reason) => {
    expect(() => oggDurationMs(bytes)).toThrow(NotOggOpus);
    expect(() => oggDurationMs(bytes)).toThrow(reason);
  });

  it('any single flipped bit is noticed', () => {
    fc.assert(
      fc.property(fc.nat(file.length - 1), fc.nat(7), (at, bit) => {
        const damaged = Buffer.from(file);
        damaged[at]! ^= 1 << bit;
        expect(() => readOggOpus(damaged)).toThrow(NotOggOpus);
      }),
      { numRuns: 200 },
    );
  });

  it('no bytes whatever make the reader fail in another way', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(file.length), (noise, cut) => {
        for (const bytes of [Buffer.from(noise), Buffer.concat([file.subarray(0, cut), noise])]) {
          try {
            readOggOpus(bytes);
          } catch (error) {
            expect(error).toBeInstanceOf(NotOggOpus);
          }
        }
      }),
    );
  });
});

type Page = ReturnType<typeof rawPages>[number];

/** A page written by hand, with the checksum of a bitwise implementation. */
function rewritten(page: Page, change: Partial<Page>): Buffer {
  const { flags, granule, serial, sequence, lacing, body } = { ...page, ...change };
  const header = Buffer.alloc(27);
  header.write('OggS', 'latin1');
  header[5] = flags;
  header.writeBigInt64LE(BigInt(granule), 6);
  header.writeUInt32LE(serial, 14);
  header.writeUInt32LE(sequence, 18);
  header[26] = lacing.length;
  const bytes = Buffer.concat([header, Buffer.from(lacing), body]);
  let crc = 0;
  for (const byte of bytes) {
    crc = (crc ^ (byte << 24)) >>> 0;
    for (let bit = 0; bit < 8; bit += 1) crc = ((crc << 1) ^ (crc & 0x80000000 ? 0x04c11db7 : 0)) >>> 0;
  }
  bytes.writeUInt32LE(crc, 22);
  return bytes;
}

function continuedFile(): Buffer {
  const [head, tags, audio] = rawPages(spoken(440, 0.1)) as [Page, Page, Page];
  const big = Buffer.alloc(600, 0x98);
  return Buffer.concat([
    rewritten(head, {}),
    rewritten(tags, {}),
    rewritten(audio, { flags: 0, granule: -1, sequence: 2, lacing: [255, 255], body: big.subarray(0, 510) }),
    rewritten(audio, {
      flags: 1 | 4,
      granule: 1_920,
      sequence: 3,
      lacing: [90, 40],
      body: Buffer.concat([big.subarray(510), Buffer.alloc(40, 0x98)]),
    }),
  ]);
}

function vorbisFile(): Buffer {
  const [head] = rawPages(spoken(440, 0.1)) as [Page];
  return rewritten(head, { body: Buffer.from('\x01vorbis padded ends.', 'latin1').subarray(0, 19) });
}
