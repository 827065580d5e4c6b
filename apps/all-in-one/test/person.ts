import { until } from '@switchboard/testing';
import { LUMEN, type Sandbox } from './sandbox';

export interface Message {
  message_id: number;
  text?: string;
  voice?: { file_id: string; duration: number };
  from: { is_bot: boolean };
  reply_markup?: { inline_keyboard: { text: string }[][] };
  storedAt: number;
}

const words = (fits: RegExp) => (message: Message) => fits.test(message.text ?? '');

/** Someone with a phone, in one chat. */
export class Person {
  private constructor(
    private readonly sandbox: Sandbox,
    readonly id: number,
    private readonly where: { bot?: string; chat?: number },
  ) {}

  static async meet(
    sandbox: Sandbox,
    languageCode: 'en' | 'ru',
    bot = LUMEN.username,
    firstName = languageCode === 'ru' ? 'Анна' : 'Emma',
  ): Promise<Person> {
    const { id } = await sandbox.control<{ id: number }>('POST', 'telegram/people', { firstName, languageCode });
    return new Person(sandbox, id, { bot });
  }

  /** The same person in the chat with another bot. */
  with(bot: string): Person {
    return new Person(this.sandbox, this.id, { bot });
  }

  /** The same person in a new group with Lumen. */
  async inGroup(): Promise<Person> {
    const group = { title: 'Friends', people: [this.id], bots: [LUMEN.username] };
    const { id } = await this.sandbox.control<{ id: number }>('POST', 'telegram/chats', group);
    return new Person(this.sandbox, this.id, { chat: id });
  }

  /** Telegram's id of the chat, as the bot sees it. */
  get chat(): number {
    return this.where.chat ?? this.id;
  }

  say = (text: string) => this.act<Message>('say', { text });
  block = (blocked: boolean) => this.act('block', { blocked });
  sendVoice = (ogg: Buffer, duration: number) =>
    this.act<Message>('send-file', { kind: 'voice', base64: ogg.toString('base64'), mimeType: 'audio/ogg', duration });

  /** Presses a button, and returns what the bot said to that. */
  async press({ message_id }: Message, button: string): Promise<string | undefined> {
    return (await this.act<{ text?: string }>('press', { messageId: message_id, button })).text;
  }

  /** All that stands in the chat, oldest first. */
  messages(): Promise<Message[]> {
    const bot = this.where.bot ?? LUMEN.username;
    return this.sandbox.control('GET', `telegram/chats/${this.chat}/messages?bot=${bot}`);
  }

  /** What the bot wrote here, oldest first. */
  async answers(): Promise<Message[]> {
    return (await this.messages()).filter(({ from }) => from.is_bot);
  }

  /** Waits for something the bot wrote that fits. */
  reads(what: RegExp | ((message: Message) => boolean), timeoutMs = 20_000): Promise<Message> {
    const fits = what instanceof RegExp ? words(what) : what;
    return until(async () => (await this.answers()).find(fits), { what: `an answer like ${what}`, timeoutMs });
  }

  /**
   * All that the bot has written up to now. A last question goes all the way to the model and back: one chat is served
   * in order, so nothing of what came before can still be on its way when it is answered.
   */
  async allItSaid(): Promise<Message[]> {
    await this.say('Anything else?');
    const last = await this.reads(/Anything else\?/);
    return (await this.answers()).filter(({ message_id }) => message_id !== last.message_id);
  }

  /** Whatever else the sandbox lets a person do. */
  act<T>(what: string, body: object): Promise<T> {
    return this.sandbox.control<T>('POST', `telegram/people/${this.id}/${what}`, { ...this.where, ...body });
  }
}
