import fc from 'fast-check';
import { decode, rawPages, rootMeanSquare, shareAt, sine } from '../../test/ogg-reader';
import { oggDurationMs } from './ogg-opus';
import { pcmToOpus } from './pcm-to-opus';

describe('sound encoded as a voice message', () => {
  it.each([8_000, 16_000, 22_050, 44_100, 48_000, 96_000])('a tone recorded at %d Hz is heard again', (rate) => {
    const heard = decode(pcmToOpus(sine(440, rate, 1), rate).ogg);
    const middle = heard.subarray(4_800, 43_200);
    expect(shareAt(440, middle, 48_000)).toBeGreaterThan(0.97);
    expect(rootMeanSquare(middle)).toBeGreaterThan(0.8 * (12_000 / Math.SQRT2));
    expect(rootMeanSquare(middle)).toBeLessThan(1.2 * (12_000 / Math.SQRT2));
  });

  it('the sound starts where it started: the look-ahead is skipped to the sample', () => {
    const click = new Int16Array(24_000);
    click.set(sine(1_000, 24_000, 0.02, 25_000), 12_000);
    const heard = decode(pcmToOpus(click, 24_000).ogg);
    const loudest = heard.reduce((best, sample, at) => (Math.abs(sample) > Math.abs(heard[best]!) ? at : best), 0);
    expect(loudest).toBeGreaterThan(24_000 - 48);
    expect(loudest).toBeLessThan(24_960 + 48);
  });

  it('the played length is the given length at any rate, to the millisecond', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6_000 }),
        fc.constantFrom(8_000, 11_025, 22_050, 24_000, 44_100),
        (length, rate) => {
          const { ogg, durationMs } = pcmToOpus(new Int16Array(length).fill(900), rate);
          // Half a millisecond of rounding, and half a sample at 48 kHz.
          expect(Math.abs(durationMs - (length * 1000) / rate)).toBeLessThanOrEqual(0.511);
          expect(oggDurationMs(ogg)).toBe(durationMs);
          expect(decode(ogg)).toHaveLength(Math.round((length * 48_000) / rate));
        },
      ),
      // At 12 kHz 5,882 samples of 11,025 Hz end with a frame, at 48 kHz one sample after it.
      { numRuns: 40, examples: [[5_882, 11_025]] },
    );
  });

  it('a minute of speech-like sound takes about 32 kbit/s', () => {
    const noise = Int16Array.from({ length: 60 * 22_050 }, (_, index) => ((index * 7_919) % 9_973) - 4_986);
    const { ogg } = pcmToOpus(noise, 22_050);
    expect((ogg.length * 8) / 60).toBeGreaterThan(16_000);
    expect((ogg.length * 8) / 60).toBeLessThan(48_000);
  });

  it('the same sound gives the same bytes, so a voice can be addressed by what was asked for', () => {
    const pcm = sine(300, 22_050, 0.5);
    expect(pcmToOpus(pcm, 22_050).ogg.equals(pcmToOpus(pcm, 22_050).ogg)).toBe(true);
  });

  it('many files encoded one after another leave nothing behind in the encoder', () => {
    const first = pcmToOpus(sine(500, 22_050, 0.2), 22_050).ogg;
    for (let round = 0; round < 60; round += 1) pcmToOpus(sine(200 + round, 22_050, 0.02), 22_050);
    expect(pcmToOpus(sine(500, 22_050, 0.2), 22_050).ogg.equals(first)).toBe(true);
  });

  it('silence of no length is refused', () => {
    expect(() => pcmToOpus(new Int16Array(0), 22_050)).toThrow('no sound');
  });

  it('a sound in the middle of a larger buffer is read from its own place', () => {
    const tape = new Int16Array(48_000);
    tape.set(sine(440, 24_000, 1), 24_000);
    const heard = decode(pcmToOpus(tape.subarray(24_000), 24_000).ogg);
    expect(shareAt(440, heard.subarray(4_800, 43_200), 48_000)).toBeGreaterThan(0.97);
    expect(rawPages(pcmToOpus(tape.subarray(24_000), 24_000).ogg).every((page) => page.crcIsRight)).toBe(true);
  });
});
