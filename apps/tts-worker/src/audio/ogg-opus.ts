import { fitsOnPage, NotOggOpus, oggCrc, readPages, writePage } from './ogg-pages';

/** An Opus stream outside its container. Samples are counted at 48 kHz, whatever the sound was made from. */
export interface OpusStream {
  packets: Buffer[];
  channels: number;
  /** Decoded samples to drop at the start: the encoder's look-ahead. */
  preSkip: number;
  /** Samples that sound after the pre-skip; the rest of the last packet is padding. */
  samples: number;
  /** The rate of the sound before encoding; players may show it, none needs it. */
  inputSampleRate: number;
}

/** Ogg counts Opus at this rate always, RFC 7845 §4. */
export const OPUS_CLOCK = 48_000;

// RFC 7845 §3 asks for pages of a second at most, so that a player can seek and a live listener need not wait.
const PAGE_SAMPLES = OPUS_CLOCK;
const VENDOR = 'switchboard';

// RFC 6716 §3.1, table 2: frame lengths in samples at 48 kHz by the packet's configuration number.
const SILK = [480, 960, 1920, 2880];
const HYBRID = [480, 960];
const CELT = [120, 240, 480, 960];
const FRAME_SAMPLES = [...SILK, ...SILK, ...SILK, ...HYBRID, ...HYBRID, ...CELT, ...CELT, ...CELT, ...CELT];

/** RFC 6716 §3.4, R5: no packet holds more than 120 ms. */
const MAX_PACKET_SAMPLES = 5760;

/** Ten hours in packets of 20 ms; a Buffer for each costs some hundred bytes. */
const MOST_PACKETS_KEPT = 1_800_000;

type OpusHead = Pick<OpusStream, 'channels' | 'preSkip' | 'inputSampleRate'>;

/** Writes an Ogg/Opus file (RFC 7845). The same stream gives the same bytes. */
export function writeOggOpus(stream: OpusStream): Buffer {
  // Files may be chained by plain concatenation only when their serial numbers differ, so it comes from the sound.
  const serial = stream.packets.reduce((crc, packet) => oggCrc(packet, crc), 0);
  const pages = [
    writePage({ packets: [opusHead(stream)], granule: 0n, first: true }, serial, 0),
    writePage({ packets: [opusTags()], granule: 0n }, serial, 1),
  ];
  const end = stream.preSkip + stream.samples;
  let page: Buffer[] = [];
  let pageStart = 0;
  let position = 0;
  for (const [index, packet] of stream.packets.entries()) {
    page.push(packet);
    position += samplesOf(packet[0], packet[1]);
    const last = index === stream.packets.length - 1;
    const next = stream.packets[index + 1];
    const full = position - pageStart >= PAGE_SAMPLES || (next !== undefined && !fitsOnPage([...page, next]));
    if (!last && !full) continue;
    // The last position may lie before the end of its packet: that is how padding is cut, RFC 7845 §4.4.
    const granule = BigInt(last ? Math.min(position, end) : position);
    pages.push(writePage({ packets: page, granule, last }, serial, pages.length));
    page = [];
    pageStart = position;
  }
  return Buffer.concat(pages);
}

/**
 * Reads an Ogg/Opus file of one stream, mono or stereo, with its packets.
 * @throws NotOggOpus with the reason when the bytes are anything else or are damaged, or have more packets than speech has.
 */
export function readOggOpus(file: Buffer): OpusStream {
  const packets: Buffer[] = [];
  const { channels, preSkip, samples, inputSampleRate } = scan(file, packets);
  return { packets, channels, preSkip, samples, inputSampleRate };
}

/**
 * The playing time of an Ogg/Opus file in whole milliseconds, after checking all of its pages.
 * @throws NotOggOpus when the bytes are not a whole Ogg/Opus file.
 */
export function oggDurationMs(file: Buffer): number {
  return Math.round((scan(file).samples * 1000) / OPUS_CLOCK);
}

/**
 * How long a decoder is busy with an Ogg/Opus file, in whole milliseconds: the length of all its packets, without what the
 * file's own positions and pre-skip leave out of them.
 * @throws NotOggOpus when the bytes are not a whole Ogg/Opus file.
 */
export function opusPacketsMs(file: Buffer): number {
  return Math.ceil((scan(file).packetSamples * 1000) / OPUS_CLOCK);
}

/**
 * Joins Ogg/Opus files end to end into one file with one stream. Every stream's look-ahead and padding stay between
 * the parts (some 7 to 27 ms of near silence), because cutting them would mean decoding and encoding again.
 * @throws NotOggOpus when one of the files is not Ogg/Opus.
 */
export function joinOggOpus(files: Buffer[]): Buffer {
  const streams = files.map(readOggOpus);
  const [first] = streams;
  const last = streams.at(-1);
  if (!first || !last) throw new RangeError('there is nothing to join');
  const packets = streams.flatMap((stream) => stream.packets);
  const total = samplesOfAll(packets);
  const lastTotal = samplesOfAll(last.packets);
  const padding = lastTotal - last.preSkip - last.samples;
  return writeOggOpus({
    packets,
    // Each packet says itself whether it is stereo; the head only says how many channels a player shall open.
    channels: Math.max(...streams.map((stream) => stream.channels)),
    preSkip: first.preSkip,
    samples: total - first.preSkip - padding,
    inputSampleRate: first.inputSampleRate,
  });
}

/**
 * Walks through a file once. Packets are only looked at where they lie, unless they are to be kept: files come from
 * strangers, and 20 MB may hold ten million packets of a byte.
 */
function scan(file: Buffer, kept?: Buffer[]) {
  let head: OpusHead | undefined;
  let isTagged = false;
  let packetSamples = 0;
  /** A recording cut out of a live stream does not start at zero, RFC 7845 §4.3. */
  let start: number | undefined;
  let end: number | undefined;
  /** The packet that is being read: its first two bytes, and its pieces on earlier pages. */
  let isOpen = false;
  let toc: number | undefined;
  let second: number | undefined;
  let carried: Buffer[] = [];
  for (const { lacing, body, granule, last } of readPages(file)) {
    if (!head) {
      head = parseOpusHead(lacing.length === 1 ? file.subarray(body, body + lacing[0]!) : undefined);
      continue;
    }
    const isAudio = isTagged;
    let at = body;
    let packetStart = body;
    for (const length of lacing) {
      if (!isOpen) {
        packetStart = at;
        toc = length > 0 ? file[at] : undefined;
        second = length > 1 ? file[at + 1] : undefined;
        if (!isTagged && file.toString('latin1', at, at + Math.min(length, 8)) !== 'OpusTags')
          throw new NotOggOpus('OpusTags are missing');
      }
      at += length;
      isOpen = length === 255;
      if (isOpen) continue;
      isTagged = true;
      if (!isAudio) continue;
      packetSamples += samplesOf(toc, second);
      if (!kept) continue;
      if (kept.length === MOST_PACKETS_KEPT) throw new NotOggOpus(`it has more than ${MOST_PACKETS_KEPT} packets`);
      const piece = file.subarray(packetStart, at);
      kept.push(carried.length > 0 ? Buffer.concat([...carried, piece]) : piece);
      carried = [];
      packetStart = at;
    }
    if (isOpen && isAudio && kept) carried.push(file.subarray(packetStart, at));
    if (!isAudio || granule === undefined) continue;
    end = Number(granule);
    start ??= last ? 0 : Math.max(0, end - packetSamples);
  }
  if (!head) throw new NotOggOpus('the first packet is no OpusHead');
  if (!isTagged) throw new NotOggOpus('OpusTags are missing');
  if (start === undefined || end === undefined) throw new NotOggOpus('it holds no sound');
  const samples = Math.max(0, Math.min(end - start, packetSamples) - head.preSkip);
  return { ...head, packetSamples, samples };
}

const samplesOfAll = (packets: Buffer[]): number =>
  packets.reduce((sum, packet) => sum + samplesOf(packet[0], packet[1]), 0);

/** How long a packet lasts, at 48 kHz, by its first two bytes. */
function samplesOf(toc: number | undefined, second: number | undefined): number {
  const frames = toc === undefined ? undefined : framesIn(toc, second);
  const samples = frames === undefined ? 0 : FRAME_SAMPLES[toc! >> 3]! * frames;
  if (samples < 1 || samples > MAX_PACKET_SAMPLES) throw new NotOggOpus('a packet is not Opus');
  return samples;
}

function framesIn(toc: number, second: number | undefined): number | undefined {
  const code = toc & 3;
  if (code === 0) return 1;
  if (code < 3) return 2;
  return second === undefined ? undefined : second & 0x3f;
}

function opusHead({ channels, preSkip, inputSampleRate }: OpusStream): Buffer {
  const head = Buffer.alloc(19);
  head.write('OpusHead', 0, 'latin1');
  head[8] = 1;
  head[9] = channels;
  head.writeUInt16LE(preSkip, 10);
  head.writeUInt32LE(inputSampleRate, 12);
  return head;
}

function parseOpusHead(head: Buffer | undefined): OpusHead {
  if (!head || head.length < 19 || head.toString('latin1', 0, 8) !== 'OpusHead')
    throw new NotOggOpus('the first packet is no OpusHead');
  // RFC 7845 §5.1: the high half of the version is the part that may break readers.
  if (head[8]! >> 4 !== 0) throw new NotOggOpus(`version ${head[8]} of OpusHead is unknown`);
  const channels = head[9]!;
  if (head[18] !== 0 || channels < 1 || channels > 2) throw new NotOggOpus('only mono and stereo can be read');
  return { channels, preSkip: head.readUInt16LE(10), inputSampleRate: head.readUInt32LE(12) };
}

function opusTags(): Buffer {
  const tags = Buffer.alloc(8 + 4 + VENDOR.length + 4);
  tags.write('OpusTags', 0, 'latin1');
  tags.writeUInt32LE(VENDOR.length, 8);
  tags.write(VENDOR, 12, 'latin1');
  return tags;
}
