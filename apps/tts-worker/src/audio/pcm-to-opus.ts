import OpusScript from 'opusscript';
import { OPUS_CLOCK, writeOggOpus } from './ogg-opus';
import { resample } from './resample';

const OPUS_RATES = [8_000, 12_000, 16_000, 24_000, 48_000] as const;
const FRAMES_PER_SECOND = 50; // 20 ms, the length Opus is tuned for
const BITRATE = 32_000; // Telegram's own voice messages lie between 24 and 32 kbit/s
// libopus looks 6.5 ms ahead in its VOIP and AUDIO modes (OPUS_GET_LOOKAHEAD): 312 samples at 48 kHz.
const LOOK_AHEAD = 312;

/**
 * Encodes sound as an Ogg/Opus file that messengers accept as a voice message.
 * The encoder works at the lowest of Opus's five rates that keeps everything the sound holds, so 22,050 Hz becomes 24 kHz.
 * @param pcm mono, 16 bit, at least one sample
 * @param sampleRate samples per second of `pcm`, an integer
 */
export function pcmToOpus(pcm: Int16Array, sampleRate: number): { ogg: Buffer; durationMs: number } {
  if (pcm.length === 0) throw new RangeError('there is no sound to encode');
  const rate = OPUS_RATES.find((opusRate) => opusRate >= sampleRate) ?? OPUS_CLOCK;
  const samples = Math.round((pcm.length * OPUS_CLOCK) / sampleRate);
  const ogg = writeOggOpus({
    packets: encode(resample(pcm, sampleRate, rate), rate, samples),
    channels: 1,
    preSkip: LOOK_AHEAD,
    samples,
    inputSampleRate: sampleRate,
  });
  return { ogg, durationMs: Math.round((samples * 1000) / OPUS_CLOCK) };
}

/** @param samples the sound's length at 48 kHz, which the frames must cover */
function encode(pcm: Int16Array, rate: (typeof OPUS_RATES)[number], samples: number): Buffer[] {
  const frame = rate / FRAMES_PER_SECOND;
  const frames = Math.ceil(((samples + LOOK_AHEAD) * FRAMES_PER_SECOND) / OPUS_CLOCK);
  const padded = Buffer.alloc(frames * frame * 2);
  Buffer.from(pcm.buffer, pcm.byteOffset, pcm.byteLength).copy(padded);

  const encoder = new OpusScript(rate, 1, OpusScript.Application.VOIP);
  try {
    encoder.setBitrate(BITRATE);
    return Array.from({ length: frames }, (_, index) =>
      encoder.encode(padded.subarray(index * frame * 2, (index + 1) * frame * 2), frame),
    );
  } finally {
    encoder.delete();
  }
}
