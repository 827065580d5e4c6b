export interface Recording {
  /** Seconds since it began. */
  elapsed(): number;
  finish(): Promise<{ blob: Blob; name: string; duration: number }>;
  cancel(): void;
}

/** Telegram's own voice notes are Ogg/Opus; Chrome only writes WebM/Opus, and older Safari only MP4. */
const formats = [
  { mimeType: 'audio/ogg;codecs=opus', name: 'voice.ogg' },
  { mimeType: 'audio/webm;codecs=opus', name: 'voice.webm' },
  { mimeType: 'audio/mp4', name: 'voice.m4a' },
];

/** Begins to record. Rejects when there is no microphone, no permission, or no secure page to ask for it. */
export async function record(): Promise<Recording> {
  const format = formats.find(({ mimeType }) => MediaRecorder.isTypeSupported(mimeType));
  if (!format) throw new Error('no format to record in');
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  const recorder = new MediaRecorder(stream, { mimeType: format.mimeType, audioBitsPerSecond: 32_000 });
  const parts: Blob[] = [];
  recorder.ondataavailable = ({ data }) => parts.push(data);
  const stopped = new Promise((resolve) => recorder.addEventListener('stop', resolve));
  recorder.start();
  const began = performance.now();
  const elapsed = () => (performance.now() - began) / 1000;
  const release = () => {
    if (recorder.state !== 'inactive') recorder.stop();
    for (const track of stream.getTracks()) track.stop();
  };
  return {
    elapsed,
    cancel: release,
    async finish() {
      const duration = elapsed();
      release();
      await stopped;
      return { blob: new Blob(parts, { type: recorder.mimeType.split(';')[0] }), name: format.name, duration };
    },
  };
}

/** Seconds, when the browser can tell. */
export function audioDuration(blob: Blob): Promise<number | undefined> {
  const url = URL.createObjectURL(blob);
  return new Promise<number | undefined>((resolve) => {
    const audio = new Audio(url);
    audio.onloadedmetadata = () => resolve(Number.isFinite(audio.duration) ? audio.duration : undefined);
    audio.onerror = () => resolve(undefined);
  }).finally(() => URL.revokeObjectURL(url));
}
