import OpusScript from 'opusscript';
import { setImmediate as nextTurn } from 'node:timers/promises';

/** Enough for speech, and 1.9 MB a minute. */
const RATE = 16_000;
/** In which Ogg counts samples of Opus, whatever is heard. Source: RFC 7845, §4. */
const GRANULE_RATE = 48_000;
/** A second of sound; decoding it takes some milliseconds, and others have their turn between. */
const PACKETS_AT_ONCE = 50;
const HEADER_BYTES = 44;

/** Speech as tts-worker makes it, for a channel that takes no Ogg. Throws when it is none. */
export async function oggToWav(ogg: Buffer): Promise<Buffer> {
  const packets = packetsOf(ogg);
  // The head says how many samples of the beginning are none of the sound; the comments come second.
  const head = packets[0];
  if (!head || head.length < 12 || head.toString('latin1', 0, 8) !== 'OpusHead')
    throw new Error('the file is no Ogg with Opus in it');
  const preSkip = Math.round((head.readUInt16LE(10) * RATE) / GRANULE_RATE);
  const decoder = new OpusScript(RATE, 1, OpusScript.Application.AUDIO);
  const decoded: Buffer[] = [];
  try {
    for (const [index, packet] of packets.slice(2).entries()) {
      // The decoder gives a view of its own memory, which the next packet overwrites.
      decoded.push(Buffer.from(decoder.decode(packet)));
      if (index % PACKETS_AT_ONCE === 0) await nextTurn();
    }
  } finally {
    decoder.delete();
  }
  const samples = Buffer.concat(decoded).subarray(preSkip * 2);
  return Buffer.concat([headerOf(samples.length), samples]);
}

/** Source: RFC 3533, §6: a lacing value below 255 ends a packet. */
function packetsOf(ogg: Buffer): Buffer[] {
  const packets: Buffer[] = [];
  let carried: Buffer[] = [];
  for (let at = 0; at + 27 <= ogg.length && ogg.toString('latin1', at, at + 4) === 'OggS';) {
    const segments = ogg[at + 26]!;
    let body = at + 27 + segments;
    for (const length of ogg.subarray(at + 27, body)) {
      carried.push(ogg.subarray(body, body + length));
      body += length;
      if (length === 255) continue;
      packets.push(Buffer.concat(carried));
      carried = [];
    }
    at = body;
  }
  return packets;
}

/** PCM of 16 bits, one channel. */
function headerOf(bytes: number): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.write('RIFF', 0);
  header.writeUInt32LE(bytes + HEADER_BYTES - 8, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(RATE, 24);
  header.writeUInt32LE(RATE * 2, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36);
  header.writeUInt32LE(bytes, 40);
  return header;
}
