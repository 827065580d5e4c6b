import { Injectable } from '@nestjs/common';
import { ServiceAnswer, ServiceClient } from '@switchboard/service-kit';
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
  async fetch({ mediaId, mimeType, locale }: Transcription): Promise<Recording> {
    const file = await this.read(mediaId);
    if (!file) throw new RecordingGone(`there is no recording ${mediaId}`);
    if (file.body.length > MAX_RECORDING_BYTES) throw new RecordingTooLarge(file.body.length, MAX_RECORDING_BYTES);
    return { audio: file.body, format: formatOf(mimeType), locale };
  }

  private async read(mediaId: string) {
    try {
      return await this.services.getBytes('bot-adapter', `/media/${mediaId}`);
    } catch (error) {
      const status = error instanceof ServiceAnswer ? error.status : undefined;
      if (status === 410) throw new RecordingGone(`the recording ${mediaId} is gone`);
      if (status === 413) throw new RecordingTooLargeToFetch(`the recording ${mediaId} is too large`);
      throw new RecordingUnreachable('the bot-adapter does not give the recording', { cause: error });
    }
  }
}

/** Messengers' own voice messages are Ogg/Opus, whatever they are called on the way. */
const formatOf = (mimeType: string): Recording['format'] =>
  FORMATS[mimeType.split(';')[0]!.trim().toLowerCase()] ?? 'ogg';
