import { Injectable } from '@nestjs/common';

/** Lets calls about one chat follow each other, so that no preview overtakes the message it was a preview of. */
@Injectable()
export class ChatLanes {
  private readonly tails = new Map<string, Promise<unknown>>();

  run<T>(chatId: string, work: () => Promise<T>): Promise<T> {
    const before = this.tails.get(chatId) ?? Promise.resolve();
    const result = before.then(work);
    const tail = result
      .catch(() => undefined)
      .then(() => {
        if (this.tails.get(chatId) === tail) this.tails.delete(chatId);
      });
    this.tails.set(chatId, tail);
    return result;
  }
}
