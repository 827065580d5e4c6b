/** The package ships no types; this is the part of it that is used. */
declare module '@echogarden/espeak-ng-emscripten' {
  export class eSpeakNGWorker {
    readonly samplerate: number;
    set_rate(wordsPerMinute: number): void;
    /** Answers 0 when the voice exists. Its variant, the part after "+", is not checked. */
    set_voice(name: string): number;
    /** Synthesises at once and hands over 16-bit mono sound piece by piece; a true answer stops it. */
    synthesize(text: string, hear: (pcm: Int16Array | null) => boolean): void;
  }

  export default function load(): Promise<{ eSpeakNGWorker: typeof eSpeakNGWorker }>;
}
