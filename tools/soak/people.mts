import { setTimeout as pause } from 'node:timers/promises';
import { until } from '../local/processes.mts';
import type { BotMessage, SandboxClient } from '../local/sandbox-client.mts';
import { LUMEN } from './fleet.mts';

/** How every answer ends, so that a finished one can be told from one that is still written. */
const END = 'That is all I know about it.';
const ANSWER = `${'There is a lot to say about this, and I shall say it slowly, so that it can be read while it comes. '.repeat(4)}${END}`;

/** A process that is killed while it answers costs a turn and the time until another one takes over. */
const ANSWER_WITHIN_MS = 90_000;
const LOOK_EVERY_MS = 50;
/** Between an answer and the next question. */
const THINKS_MS = 200;

/** The sandbox begins at ten ids per second since 2026. */
const LOWER_UPDATE_ID = 1_000_000;

interface Chat {
  readonly what: string;
  /** Who asks, one after the other. */
  readonly people: readonly number[];
  readonly place: { bot: number } | { chat: number };
  readonly manner: 'writes' | 'speaks' | 'listens';
  /** What came before the first question. */
  readonly before: number;
  /** Finished answers, as they were when they were first seen, by message. */
  readonly answers: Map<number, string>;
  voiceNotes: number;
  questions: number;
}

export interface Verdict {
  questions: number;
  unanswered: number;
  doubled: number;
  overwritten: number;
}

/** People who write and speak to the bot, alone and in a group, each when the last answer has come. */
export class People {
  /** What went wrong, in words. */
  readonly complaints: string[] = [];
  private readonly sandbox: SandboxClient;
  private readonly chats: Chat[] = [];
  private readonly recording: Buffer;
  private unanswered = 0;

  private constructor(sandbox: SandboxClient, recording: Buffer) {
    this.sandbox = sandbox;
    this.recording = recording;
  }

  static async arrive(sandbox: SandboxClient): Promise<People> {
    const { telegram, openai } = sandbox;
    await openai.script({ match: 'You are Lumen', reply: { text: ANSWER }, times: 1_000_000 });
    await openai.script({ reply: { transcript: 'What is there to say about bicycles?' }, times: 1_000_000 });
    const people = new People(sandbox, await aRecording(sandbox));
    const names = ['Ann', 'Ben', 'Cleo', 'Dan', 'Eve'];
    const ids = await Promise.all(
      names.map(async (firstName) => (await telegram.addPerson({ firstName, languageCode: 'en' })).id),
    );
    const [ann, ben, cleo, dan, eve] = ids as [number, number, number, number, number];
    const group = await telegram.addGroup({ title: 'Friends', people: [dan, eve], bots: [LUMEN.id] });
    await people.join('Ann writes', [ann], { bot: LUMEN.id }, 'writes');
    await people.join('Ben speaks', [ben], { bot: LUMEN.id }, 'speaks');
    await people.join('Cleo listens', [cleo], { bot: LUMEN.id }, 'listens');
    await people.join('a group', [dan, eve], { chat: group.id }, 'writes');
    return people;
  }

  /**
   * After a week without updates Telegram goes on with a random id, mostly a lower one.
   * @returns false when the bot has left updates of before lying for ten seconds
   */
  async beSilentForAWeek(): Promise<boolean> {
    const { token } = LUMEN;
    const nothingWaits = async () => {
      const response = await fetch(`${this.sandbox.url}/telegram/bot${token}/getWebhookInfo`);
      const { result } = (await response.json()) as { result: { pending_update_count: number } };
      return result.pending_update_count === 0;
    };
    if (!(await until(nothingWaits, 10_000))) return false;
    await this.sandbox.telegram.addBot({ token, nextUpdateId: 1 + Math.floor(Math.random() * LOWER_UPDATE_ID) });
    return true;
  }

  /** All of them ask and read until `isOver`; resolves when each has the last answer, or has waited for it in vain. */
  async talk(isOver: () => boolean): Promise<void> {
    await Promise.all(
      this.chats.map(async (chat) => {
        while (!isOver()) {
          await this.ask(chat);
          await pause(THINKS_MS);
        }
      }),
    );
  }

  /** How many questions have been asked up to now. */
  get questions(): number {
    return this.chats.reduce((sum, { questions }) => sum + questions, 0);
  }

  /** Compares what stands in the chats with what should. */
  async verdict(): Promise<Verdict> {
    let [doubled, overwritten] = [0, 0];
    for (const chat of this.chats) {
      const messages = (await this.fromBot(chat)).filter(({ message_id: id }) => id > chat.before);
      const texts = messages.filter(({ voice }) => !voice);
      const spoken = messages.length - texts.length;
      for (const { message_id: id, text } of texts) {
        const answer = chat.answers.get(id);
        if (answer === undefined) doubled += this.complain(chat, `said more than it was asked: ${quoted(text)}`);
        else if (text !== answer) overwritten += this.complain(chat, `an answer became ${quoted(text)}`);
      }
      for (const id of chat.answers.keys())
        if (!texts.some(({ message_id: other }) => other === id))
          overwritten += this.complain(chat, 'an answer went away');
      if (spoken > chat.voiceNotes) {
        this.complain(chat, `${spoken} voice notes instead of ${chat.voiceNotes}`);
        doubled += spoken - chat.voiceNotes;
      }
    }
    return { questions: this.questions, unanswered: this.unanswered, doubled, overwritten };
  }

  private async join(
    what: string,
    people: readonly number[],
    place: Chat['place'],
    manner: Chat['manner'],
  ): Promise<void> {
    const chat: Chat = { what, people, place, manner, before: 0, answers: new Map(), voiceNotes: 0, questions: 0 };
    let before = 0;
    if ('bot' in place) {
      const { message_id: start } = await this.sandbox.telegram.start(people[0]!, place);
      const greeting = await this.find(chat, (message) => message.message_id > start);
      if (!greeting) throw new Error(`${what}: nobody greets`);
      before = greeting.message_id;
    }
    this.chats.push({ ...chat, before });
  }

  private async ask(chat: Chat): Promise<void> {
    const number = ++chat.questions;
    const person = chat.people[number % chat.people.length]!;
    const { message_id: asked } = await this.put(chat, person, number);
    const isAnswer = ({ message_id: id, text }: BotMessage) =>
      id > asked && text?.includes(END) === true && !chat.answers.has(id);
    const answer = await this.find(chat, isAnswer);
    if (!answer) {
      this.unanswered += this.complain(chat, `question ${number} was not answered`);
      return;
    }
    chat.answers.set(answer.message_id, answer.text!);
    if (chat.manner === 'listens') await this.listen(chat, person, answer);
  }

  private put(chat: Chat, person: number, number: number): Promise<BotMessage> {
    const { telegram } = this.sandbox;
    if (chat.manner === 'speaks')
      return telegram.sendFile(person, chat.place, 'voice', this.recording, { mimeType: 'audio/ogg', duration: 2 });
    const question = `What is there to say about bicycle ${number}?`;
    return telegram.say(person, chat.place, 'chat' in chat.place ? `@${LUMEN.username} ${question}` : question);
  }

  /** Has an answer read aloud. */
  private async listen(
    chat: Chat,
    person: number,
    { message_id: answer, reply_markup: markup }: BotMessage,
  ): Promise<void> {
    const button = markup?.inline_keyboard.flat().find(({ text }) => text.includes('Listen'));
    if (!button) return void this.complain(chat, 'an answer cannot be listened to');
    const known = new Set((await this.fromBot(chat)).map(({ message_id: id }) => id));
    chat.voiceNotes += 1;
    await this.sandbox.telegram.press(person, chat.place, answer, button.text);
    const note = await this.find(chat, ({ message_id: id, voice }) => voice !== undefined && !known.has(id));
    if (!note) this.unanswered += this.complain(chat, 'a voice note did not come');
  }

  private async find(chat: Chat, fits: (message: BotMessage) => boolean): Promise<BotMessage | undefined> {
    let found: BotMessage | undefined;
    const look = async () => Boolean((found = (await this.fromBot(chat)).find(fits)));
    await until(look, ANSWER_WITHIN_MS, LOOK_EVERY_MS);
    return found;
  }

  private async fromBot({ place, people }: Chat): Promise<BotMessage[]> {
    const { telegram } = this.sandbox;
    const messages = await ('chat' in place ? telegram.messages(place.chat) : telegram.messages(people[0]!, place.bot));
    return messages.filter(({ from }) => from?.is_bot);
  }

  /** @returns 1, to be counted */
  private complain({ what }: Chat, sentence: string): number {
    this.complaints.push(`${what}: ${sentence}`);
    return 1;
  }
}

/** Made by the sandbox itself, so it is a recording that it can read. */
async function aRecording(sandbox: SandboxClient): Promise<Buffer> {
  const response = await fetch(`${sandbox.url}/openai/v1/audio/speech`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer sk-sandbox' },
    body: JSON.stringify({ model: 'tts-1', voice: 'alloy', input: 'What is there to say?', response_format: 'opus' }),
  });
  if (!response.ok) throw new Error(`The sandbox speaks no more: ${await response.text()}`);
  return Buffer.from(await response.arrayBuffer());
}

const quoted = (text = '') => `“${text.length > 80 ? `${text.slice(0, 80)}…` : text}”`;
