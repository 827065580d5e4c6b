import { FRAME, SAMPLE_RATE } from './audio';

/*
 * MPEG-2 Layer III at 24 kHz, mono, 32 kbit/s, with the least of an encoder that serves tones: each granule holds one
 * spectral line of the value ±1, whose loudness is the granule's gain. So there is no analysis and none of the Huffman
 * tables but the one that is no more than inverted bits. What npm has for MP3 is LAME, under the LGPL.
 * ISO/IEC 11172-3 and 13818-3.
 */

/** Samples in a granule; an MPEG-2 frame has one. */
const GRANULE = 576;
const BYTES = 96;
const HEADER = Buffer.from([0xff, 0xf3, 0x44, 0xc4]); // MPEG-2, Layer III, no CRC, 32 kbit/s, 24 kHz, mono, original
const SIDE_INFO = 9;
/** Hertz from one spectral line to the next. */
const LINE = SAMPLE_RATE / 2 / GRANULE;
/** A granule's gain scales its lines by 2^((gain - 210) / 4). */
const NO_GAIN = 210;
/** A sound that is quieter than this, of 32,767, is silence. */
const SILENT = 300;

/** Encodes 16-bit mono frames as tonesOf gives them, about a second of sound at a time. */
export function* encodeMp3(frames: Iterable<Int16Array>): Generator<Buffer> {
  let samples: number[] = [];
  let made: Buffer[] = [];
  let granules = 0;
  for (const frame of frames) {
    samples.push(...frame);
    while (samples.length >= GRANULE) {
      made.push(frameOf(samples.slice(0, GRANULE), granules++));
      samples = samples.slice(GRANULE);
    }
    if (made.length >= SAMPLE_RATE / FRAME) {
      yield Buffer.concat(made);
      made = [];
    }
  }
  if (samples.length > 0) made.push(frameOf(samples, granules++));
  // The decoder overlaps neighbours, so the last sound needs one more frame to end in.
  yield Buffer.concat([...made, frameOf([], granules)]);
}

/** Seconds of sound in what `encodeMp3` made; undefined for other files, whose rates may vary. */
export function mp3Seconds(file: Buffer): number | undefined {
  if (!file.subarray(0, HEADER.length).equals(HEADER)) return undefined;
  return ((file.length / BYTES) * GRANULE) / SAMPLE_RATE;
}

function frameOf(samples: number[], granule: number): Buffer {
  const frame = Buffer.alloc(BYTES);
  HEADER.copy(frame);
  const loudness = Math.max(0, ...samples.map(Math.abs));
  const line = loudness < SILENT ? undefined : Math.round(pitchOf(samples) / LINE - 0.5);
  if (line === undefined || line < 1 || line >= GRANULE) return frame;
  const main = new Bits(frame, HEADER.length + SIDE_INFO);
  // Four lines to a code, from the lowest up to the one that sounds; those above are zero by being left out.
  for (let quad = 0; quad <= line >> 2; quad += 1) {
    const value = quad === line >> 2 ? 8 >> (line & 3) : 0;
    main.put(15 - value, 4);
    if (value) main.put(signOf(line, granule), 1);
  }
  const side = new Bits(frame, HEADER.length);
  side.put(0, 8 + 1); // the data begins in this frame; a private bit
  side.put(main.length, 12);
  side.put(0, 9); // no pairs of large values
  side.put(Math.round(NO_GAIN + 4 * Math.log2(loudness / 32_767)), 8);
  side.put(0, 9 + 1); // no scale factors, long blocks
  side.put(0, 15 + 4 + 3); // tables and borders of the regions that are not there
  side.put(0, 1); // scalefac_scale
  side.put(1, 1); // the table of inverted bits
  return frame;
}

/**
 * A steady tone half-way between two lines advances by a quarter of a turn more or less from one granule to the next,
 * which leaves its coefficient the same size and lets its sign go + + − − or + − − +, by the line's parity.
 */
const signOf = (line: number, granule: number) => ((line & 1 ? granule : granule + (granule & 1) * 2) >> 1) & 1;

/** Hertz, from how often the wave crosses zero upwards. */
function pitchOf(samples: number[]): number {
  const crossings = samples.flatMap((sample, at) => (at > 0 && samples[at - 1]! < 0 && sample >= 0 ? [at] : []));
  const [first = 0] = crossings;
  const last = crossings.at(-1) ?? 0;
  return last > first ? ((crossings.length - 1) * SAMPLE_RATE) / (last - first) : 0;
}

class Bits {
  length = 0;

  constructor(
    private readonly bytes: Buffer,
    private readonly from: number,
  ) {}

  put(value: number, bits: number): void {
    for (let bit = bits - 1; bit >= 0; bit -= 1) {
      const at = this.from + (this.length >> 3);
      this.bytes[at]! |= ((value >> bit) & 1) << (7 - (this.length & 7));
      this.length += 1;
    }
  }
}
