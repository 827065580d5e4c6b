import { OPUS_CLOCK, readOggOpus } from './ogg-opus';

/**
 * How long an Ogg/Opus file sounds, in whole milliseconds, after checking all of its pages.
 * @throws NotOggOpus when the bytes are not a whole Ogg/Opus file.
 */
export function oggDurationMs(file: Buffer): number {
  return Math.round((readOggOpus(file).samples * 1000) / OPUS_CLOCK);
}
