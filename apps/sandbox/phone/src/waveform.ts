/** Bars of a drawn waveform. */
export const barCount = 42;

const known = new Map<string, Promise<number[]>>();

/** Loudness of a recording in `barCount` steps of 0…1. Rejects when the browser cannot decode the format. */
export function waveform(url: string): Promise<number[]> {
  const found = known.get(url) ?? decode(url);
  known.set(url, found);
  return found;
}

async function decode(url: string): Promise<number[]> {
  const response = await fetch(url, { signal: AbortSignal.timeout(20_000) });
  if (!response.ok) throw new Error(`${response.status}`);
  // An offline context decodes without the tap that a sounding one waits for.
  const audio = await new OfflineAudioContext(1, 1, 16_000).decodeAudioData(await response.arrayBuffer());
  return bars(audio.getChannelData(0));
}

/** The loudest bar is 1, so that a quiet voice shows its shape as well. */
export function bars(samples: Float32Array): number[] {
  const step = samples.length / barCount;
  const loudness = Array.from({ length: barCount }, (_, i) => {
    const part = samples.subarray(Math.floor(i * step), Math.max(Math.floor((i + 1) * step), Math.floor(i * step) + 1));
    return Math.sqrt(part.reduce((sum, sample) => sum + sample * sample, 0) / (part.length || 1));
  });
  const loudest = Math.max(...loudness);
  return loudness.map((value) => (loudest > 0 ? value / loudest : 0));
}
