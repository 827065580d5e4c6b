/** Samples in a second; what OpenAI's `pcm` has, and a rate Opus knows. */
export const SAMPLE_RATE = 24_000;
/** 20 ms, the usual Opus frame. */
export const FRAME = SAMPLE_RATE / 50;

const SYLLABLE_SECONDS = 0.16;
const PAUSE_SECONDS: Record<string, number> = {
  ' ': 0.05,
  ',': 0.15,
  ';': 0.2,
  ':': 0.2,
  '.': 0.3,
  '!': 0.3,
  '?': 0.3,
  '\n': 0.3,
};
/** Quiet enough to listen to for minutes, loud enough not to be taken for silence. */
const VOLUME = 0.25;
/** Steps of a major pentatonic scale in semitones: whatever follows whatever, it does not grate. */
const SCALE = [0, 2, 4, 7, 9];

interface Note {
  /** Hertz; 0 is a pause. */
  pitch: number;
  samples: number;
}

/**
 * A text as a melody: one soft note for each syllable, pauses at its punctuation, so that its length follows the text.
 * Gives 16-bit mono samples in frames of 20 ms, the last one padded with silence.
 * `speed` 1 is about six syllables a second; voices differ in pitch.
 */
export function* tonesOf(text: string, voice: string, speed: number): Generator<Int16Array> {
  let frame = new Int16Array(FRAME);
  let filled = 0;
  for (const note of melodyOf(text, voice, speed)) {
    for (let at = 0; at < note.samples; at += 1) {
      frame[filled] = sampleOf(note, at);
      filled += 1;
      if (filled === FRAME) {
        yield frame;
        frame = new Int16Array(FRAME);
        filled = 0;
      }
    }
  }
  if (filled > 0) yield frame;
}

function melodyOf(text: string, voice: string, speed: number): Note[] {
  const lowest = 180 + (sumOf(voice) % 8) * 20;
  const samples = (seconds: number) => Math.round((seconds / speed) * SAMPLE_RATE);
  // A syllable is a vowel with what stands before it; digits and lone consonants are read out as one each.
  const sounds =
    text.toLowerCase().match(/[^\P{L}aeiouyаеёиоуыэюя]*[aeiouyаеёиоуыэюя]|\p{L}+|\p{N}|[ ,;:.!?\n]/gu) ?? [];
  const notes = sounds.map((sound): Note => {
    const silence = PAUSE_SECONDS[sound];
    if (silence !== undefined) return { pitch: 0, samples: samples(silence) };
    const step = SCALE[sumOf(sound) % SCALE.length]!;
    return { pitch: lowest * 2 ** (step / 12), samples: samples(SYLLABLE_SECONDS) };
  });
  return notes.some(({ pitch }) => pitch > 0) ? notes : [{ pitch: lowest, samples: samples(SYLLABLE_SECONDS) }];
}

function sampleOf({ pitch, samples }: Note, at: number): number {
  if (pitch === 0) return 0;
  const phase = (2 * Math.PI * pitch * at) / SAMPLE_RATE;
  const wave = 0.7 * Math.sin(phase) + 0.2 * Math.sin(2 * phase) + 0.1 * Math.sin(3 * phase);
  // Rising and falling like half a sine, a note begins and ends without a click.
  return Math.round(wave * Math.sin((Math.PI * at) / samples) * VOLUME * 32_767);
}

const sumOf = (text: string) => [...text].reduce((sum, letter) => sum + letter.codePointAt(0)!, 0);

const HEADER = 44;

/** The header of a WAV file of 16-bit mono sound. */
export function wavHeader(sampleRate: number, dataBytes: number): Buffer {
  const header = Buffer.alloc(HEADER);
  header.write('RIFF', 0);
  header.writeUInt32LE(HEADER - 8 + dataBytes, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20); // PCM
  header.writeUInt16LE(1, 22); // channels
  header.writeUInt32LE(sampleRate, 24);
  header.writeUInt32LE(sampleRate * 2, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36);
  header.writeUInt32LE(dataBytes, 40);
  return header;
}

/** Seconds of sound in a WAV file; undefined when it is none. */
export function wavSeconds(file: Buffer): number | undefined {
  if (file.toString('latin1', 0, 4) !== 'RIFF' || file.toString('latin1', 8, 16) !== 'WAVEfmt ') return undefined;
  const data = file.indexOf('data', 36);
  const bytesPerSecond = file.length >= HEADER ? file.readUInt32LE(28) : 0;
  if (data < 0 || bytesPerSecond === 0) return undefined;
  // The header of a file that was streamed may promise 0xFFFFFFFF bytes: what is there counts.
  return (file.length - data - 8) / bytesPerSecond;
}
