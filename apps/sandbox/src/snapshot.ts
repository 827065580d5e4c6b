import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import type { Bot, Conversation, Person, StoredFile, StoredMessage, TelegramState } from './telegram/state';

/** The sandbox wrote this file itself, so only its outline is checked. */
const Saved = z.object({
  version: z.literal(1),
  bots: z.array(z.custom<Bot>()),
  people: z.array(z.custom<Person>()),
  files: z.array(z.custom<StoredFile>()),
  conversations: z.array(
    z.tuple([z.string(), z.custom<Omit<Conversation, 'messages'> & { messages: StoredMessage[] }>()]),
  ),
});

const DEBOUNCE_MS = 250;
/** Writing takes at most this share of the time, however much there is to write. */
const SHARE = 1 / 10;
/** A killed process may have lost its last moments; skipping ahead keeps it from giving ids a second time. */
const SKIPPED_IDS = 1000;

/** Keeps the state in one JSON file, written some moments after a change and renamed into place. */
export class Snapshot {
  private timer?: NodeJS.Timeout;
  private writing: Promise<void> = Promise.resolve();
  private written = '';
  private lastMs = 0;

  constructor(
    private readonly state: TelegramState,
    private readonly path: string,
  ) {}

  /** False when there is nothing to load. Throws on a file that is no snapshot, rather than overwrite it. */
  async load(): Promise<boolean> {
    const source = await readFile(this.path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (source === undefined) return false;
    const saved = Saved.parse(JSON.parse(source));
    for (const bot of saved.bots) {
      bot.nextUpdateId += SKIPPED_IDS;
      bot.nextMessageId += SKIPPED_IDS;
      this.state.bots.set(bot.id, bot);
    }
    saved.people.forEach((person) => this.state.people.set(person.id, person));
    saved.files.forEach((file) => this.state.files.set(file.id, file));
    for (const [key, conversation] of saved.conversations) {
      const messages = new Map(conversation.messages.map((message) => [message.id, message]));
      const nextMessageId = conversation.nextMessageId + SKIPPED_IDS;
      this.state.conversations.set(key, { ...conversation, messages, nextMessageId });
    }
    // At once: a process killed soon after its start must not leave the next one to skip to the same ids.
    await this.flush();
    return true;
  }

  /** Something may have changed. */
  touch(): void {
    this.timer ??= setTimeout(
      () => this.flush().catch(console.error),
      Math.max(DEBOUNCE_MS, this.lastMs / SHARE),
    ).unref();
  }

  flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    // One write after the other, and a failed one does not stop the next.
    this.writing = this.writing.catch(() => undefined).then(() => this.write());
    return this.writing;
  }

  private async write(): Promise<void> {
    const begun = performance.now();
    const { bots, people, files, conversations } = this.state;
    const source = JSON.stringify({
      version: 1,
      bots: [...bots.values()],
      people: [...people.values()],
      files: [...files.values()],
      conversations: [...conversations].map(([key, conversation]) => [
        key,
        { ...conversation, messages: [...conversation.messages.values()] },
      ]),
    });
    if (source === this.written) return;
    await mkdir(dirname(this.path), { recursive: true });
    await writeFile(`${this.path}.part`, source);
    await rename(`${this.path}.part`, this.path);
    this.written = source;
    this.lastMs = performance.now() - begun;
  }
}
