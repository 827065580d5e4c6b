import OpusScript from 'opusscript';

/** A second reading of RFC 3533, bit by bit and with nothing in common with the code under test. */
export interface RawPage {
  flags: number;
  granule: number;
  serial: number;
  sequence: number;
  crcIsRight: boolean;
  lacing: number[];
  body: Buffer;
}

export function rawPages(file: Buffer): RawPage[] {
  const pages: RawPage[] = [];
  for (let at = 0; at < file.length;) {
    if (file.toString('latin1', at, at + 5) !== 'OggS\0') throw new Error(`no page at ${at}`);
    const lacing = [...file.subarray(at + 27, at + 27 + file[at + 26]!)];
    const bodyStart = at + 27 + lacing.length;
    const end = bodyStart + lacing.reduce((sum, length) => sum + length, 0);
    const bytes = Buffer.from(file.subarray(at, end));
    const crc = bytes.readUInt32LE(22);
    bytes.fill(0, 22, 26);
    pages.push({
      flags: bytes[5]!,
      granule: Number(bytes.readBigInt64LE(6)),
      serial: bytes.readUInt32LE(14),
      sequence: bytes.readUInt32LE(18),
      crcIsRight: crc === bitwiseCrc(bytes),
      lacing,
      body: file.subarray(bodyStart, end),
    });
    at = end;
  }
  return pages;
}

function bitwiseCrc(bytes: Buffer): number {
  let remainder = 0n;
  for (const byte of bytes) {
    remainder ^= BigInt(byte) << 24n;
    for (let bit = 0; bit < 8; bit += 1) {
      remainder <<= 1n;
      if (remainder & 0x1_0000_0000n) remainder ^= 0x1_04c1_1db7n;
    }
  }
  return Number(remainder);
}

/** Packets of the pages after the two headers; a lacing value below 255 ends a packet. */
export function audioPackets(file: Buffer): Buffer[] {
  const packets: Buffer[] = [];
  let carried = Buffer.alloc(0);
  for (const { lacing, body } of rawPages(file).slice(2)) {
    let at = 0;
    for (const length of lacing) {
      carried = Buffer.concat([carried, body.subarray(at, at + length)]);
      at += length;
      if (length === 255) continue;
      packets.push(carried);
      carried = Buffer.alloc(0);
    }
  }
  return packets;
}

/** The sound of a mono file as a player would give it: 48 kHz, pre-skip dropped, cut at the last granule. */
export function decode(file: Buffer): Int16Array {
  const pages = rawPages(file);
  const preSkip = pages[0]!.body.readUInt16LE(10);
  const decoder = new OpusScript(48_000, 1, OpusScript.Application.AUDIO);
  try {
    const pcm = Buffer.concat(audioPackets(file).map((packet) => decoder.decode(packet)));
    const samples = Int16Array.from({ length: pcm.length / 2 }, (_, index) => pcm.readInt16LE(index * 2));
    return samples.subarray(preSkip, pages.at(-1)!.granule);
  } finally {
    decoder.delete();
  }
}

export function sine(frequency: number, rate: number, seconds: number, amplitude = 12_000): Int16Array {
  return Int16Array.from({ length: Math.round(rate * seconds) }, (_, index) =>
    Math.round(amplitude * Math.sin((2 * Math.PI * frequency * index) / rate)),
  );
}

export function rootMeanSquare(pcm: Int16Array): number {
  return Math.sqrt(pcm.reduce((sum, sample) => sum + sample * sample, 0) / pcm.length);
}

/** Share of the sound's energy that lies at one frequency, 0 to 1 (one bin of a Fourier transform). */
export function shareAt(frequency: number, pcm: Int16Array, rate: number): number {
  let re = 0;
  let im = 0;
  let energy = 0;
  for (const [index, sample] of pcm.entries()) {
    const angle = (2 * Math.PI * frequency * index) / rate;
    re += sample * Math.cos(angle);
    im += sample * Math.sin(angle);
    energy += sample * sample;
  }
  return (2 * (re * re + im * im)) / (pcm.length * energy);
}
