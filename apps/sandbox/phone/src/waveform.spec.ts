import { barCount, bars } from './waveform';

describe('the drawn waveform', () => {
  it('is loud where the sound is, whatever the volume', () => {
    const quietEnd = Float32Array.from({ length: 4200 }, (_, i) => (i < 2100 ? 0 : 0.01 * (i % 2 ? 1 : -1)));
    const drawn = bars(quietEnd);
    expect(drawn.slice(0, 20).every((bar) => bar === 0)).toBe(true);
    expect(drawn.slice(-20).every((bar) => bar > 0.99)).toBe(true);
  });

  it('draws silence, and even nothing, as a flat line', () => {
    expect(bars(new Float32Array(100))).toEqual(Array(barCount).fill(0));
    expect(bars(new Float32Array(0))).toEqual(Array(barCount).fill(0));
  });

  it('has all its bars also for a sound shorter than they are', () => {
    expect(bars(Float32Array.of(1, 1, 1))).toHaveLength(barCount);
  });
});
