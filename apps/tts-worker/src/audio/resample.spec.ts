import { rootMeanSquare, shareAt, sine } from '../../test/ogg-reader';
import { resample } from './resample';

describe('resampling', () => {
  it('a tone keeps its pitch and loudness from 22,050 to 24,000 samples a second', () => {
    const tone = resample(sine(3_000, 22_050, 1), 22_050, 24_000).subarray(200, 23_800);
    expect(shareAt(3_000, tone, 24_000)).toBeGreaterThan(0.9999);
    expect(rootMeanSquare(tone)).toBeCloseTo(12_000 / Math.SQRT2, -2);
  });

  it('a high tone leaves no mirror image below the new limit', () => {
    const tone = resample(sine(9_000, 22_050, 1), 22_050, 24_000).subarray(200, 23_800);
    const image = shareAt(24_000 - (22_050 - 9_000), tone, 24_000);
    expect(10 * Math.log10(image)).toBeLessThan(-70);
  });

  it('what a lower rate cannot hold is taken out instead of folded back', () => {
    const tone = resample(sine(9_000, 48_000, 1), 48_000, 16_000);
    expect(rootMeanSquare(tone.subarray(200, 15_800))).toBeLessThan(5);
  });

  it('full scale is cut at the limits and never wraps around', () => {
    const square = Int16Array.from({ length: 2_000 }, (_, index) => (index % 100 < 50 ? 32_767 : -32_768));
    const louder = resample(square, 22_050, 24_000);
    for (let at = 1; at < 20; at += 1) expect(louder[at + 10]).toBeGreaterThan(25_000);
    expect(Math.max(...louder)).toBe(32_767);
  });

  it('the same rate gives the same samples', () => {
    const pcm = sine(100, 8_000, 0.1);
    expect(resample(pcm, 8_000, 8_000)).toBe(pcm);
  });
});
