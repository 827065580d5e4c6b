// RFC 6716 §3.1, table 2: frame lengths in samples at 48 kHz by the packet's configuration number.
const SILK = [480, 960, 1920, 2880];
const HYBRID = [480, 960];
const CELT = [120, 240, 480, 960];
const FRAME_SAMPLES = [...SILK, ...SILK, ...SILK, ...HYBRID, ...HYBRID, ...CELT, ...CELT, ...CELT, ...CELT];

/** RFC 6716 §3.4, R5: no packet holds more than 120 ms. */
const MAX_SAMPLES = 5760;

/** How long a packet sounds, in samples at 48 kHz, or undefined when it is no Opus packet. */
export function packetSamples(packet: Buffer): number | undefined {
  const toc = packet[0];
  if (toc === undefined) return undefined;
  const frames = framesIn(toc, packet[1]);
  if (frames === undefined) return undefined;
  const samples = FRAME_SAMPLES[toc >> 3]! * frames;
  return samples > 0 && samples <= MAX_SAMPLES ? samples : undefined;
}

function framesIn(toc: number, second: number | undefined): number | undefined {
  const code = toc & 3;
  if (code === 0) return 1;
  if (code < 3) return 2;
  return second === undefined ? undefined : second & 0x3f;
}
