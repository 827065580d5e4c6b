import { Injectable } from '@nestjs/common';
import { ReadMedia } from '@switchboard/contracts';
import { DownloadTooLarge, isProblem, ServiceClient } from '@switchboard/service-kit';
import { opusPacketsMs } from '../audio/ogg-opus';
import { NotOggOpus } from '../audio/ogg-pages';
import { RecordingTooLarge } from '../engines/engine-errors';
import { MAX_RECORDING_BYTES, type Recording } from './transcription-provider';
import type { Transcription } from './transcription.entity';

/** The service that owns the recording no longer has it, or never had. */
export class RecordingGone extends Error {
  override readonly name = 'RecordingGone';
}

/** The service that owns the recording does not give it now. */
export class RecordingUnreachable extends Error {
  override readonly name = 'RecordingUnreachable';
}

/** The channel gives no file of that size. */
export class RecordingTooLargeToFetch extends Error {
  override readonly name = 'RecordingTooLargeToFetch';
}

/** 6 kbit/s, the least that Opus is made for and less than other codecs of speech use: recordings are hardly ever longer. */
const LEAST_BYTES_PER_SECOND = 750;

const FORMATS: Record<string, Recording['format']> = {
  'audio/mpeg': 'mp3',
  'audio/mp3': 'mp3',
  'audio/mp4': 'm4a',
  'audio/x-m4a': 'm4a',
  'audio/aac': 'm4a',
  'video/mp4': 'mp4',
  'audio/wav': 'wav',
  'audio/x-wav': 'wav',
  'audio/webm': 'webm',
  'video/webm': 'webm',
  'audio/flac': 'flac',
};

/** Sound that came with messages; the bot-adapter keeps it. */
@Injectable()
export class Recordings {
  constructor(private readonly services: ServiceClient) {}

  /** @throws RecordingGone, RecordingTooLarge, RecordingTooLargeToFetch, RecordingUnreachable */
  async fetch({ mediaId, mimeType, durationMs }: Transcription, signal: AbortSignal): Promise<Recording> {
    const audio = await this.read(mediaId, signal);
    return { audio, format: formatOf(mimeType), ...lengthOf(audio, durationMs) };
  }

  private async read(mediaId: string, signal: AbortSignal): Promise<Buffer> {
    try {
      const file = await this.services.call(ReadMedia, { params: { mediaId } }, { signal });
      return await file.buffer({ maxBytes: MAX_RECORDING_BYTES });
    } catch (error) {
      if (error instanceof DownloadTooLarge) throw new RecordingTooLarge(`over ${MAX_RECORDING_BYTES} bytes`);
      if (isProblem(error, ReadMedia, 'bot-adapter.media_gone')) {
        throw new RecordingGone(`there is no recording ${mediaId}`);
      }
      if (isProblem(error, ReadMedia, 'bot-adapter.media_too_large')) {
        throw new RecordingTooLargeToFetch(`the recording ${mediaId} is too large`);
      }
      throw new RecordingUnreachable('the bot-adapter does not give the recording', { cause: error });
    }
  }
}

/**
 * What is paid by the second is measured here: what the sender's client says, or has written into the file, may be wrong or a
 * lie. Where the sound cannot be measured it is as long as so many bytes can be.
 */
function lengthOf(audio: Buffer, toldMs: number | null): Pick<Recording, 'durationMs' | 'isMeasured'> {
  try {
    return { durationMs: opusPacketsMs(audio), isMeasured: true };
  } catch (error) {
    if (!(error instanceof NotOggOpus)) throw error;
    const longestMs = Math.ceil((audio.length / LEAST_BYTES_PER_SECOND) * 1000);
    return { durationMs: Math.max(1, toldMs ?? 0, longestMs), isMeasured: false };
  }
}

/** Messengers' own voice messages are Ogg/Opus, whatever they are called on the way. */
const formatOf = (mimeType: string): Recording['format'] =>
  FORMATS[mimeType.split(';')[0]!.trim().toLowerCase()] ?? 'ogg';
