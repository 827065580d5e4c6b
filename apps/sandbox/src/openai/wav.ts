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
