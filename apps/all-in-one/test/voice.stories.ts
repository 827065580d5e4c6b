import type { Installation } from './installation';
import { type Message, Person } from './person';

const isVoice = ({ voice }: Message) => voice !== undefined;
/** Opus always counts 48 000 samples a second, whatever it was made from. Source: RFC 7845, section 4. */
const SAMPLES_PER_SECOND = 48_000;

/** Reads the headers of Ogg/Opus, and the length that its last page tells. */
function describeOpus(file: Buffer): { magic: string; head: string; tags: boolean; seconds: number } {
  const lastPage = file.lastIndexOf('OggS');
  return {
    magic: file.toString('latin1', 0, 4),
    head: file.toString('latin1', 28, 36),
    tags: file.includes('OpusTags'),
    seconds: Number(file.readBigUInt64LE(lastPage + 6)) / SAMPLES_PER_SECOND,
  };
}

/** What people can count on when they speak and listen. */
export function voiceStories(installation: () => Installation): void {
  const sandbox = () => installation().sandbox;

  it('who wants voice as well gets each answer as a voice note, too', async () => {
    const person = await Person.meet(sandbox(), 'en');
    await person.say('/voice');
    const menu = await person.reads(/by voice/);
    expect(await person.press(menu, 'Text and voice')).toBe('Saved');
    await sandbox().script('a story', 'Once upon a time there was a **bicycle** with one wheel.');
    await person.say('Tell me a story');
    const text = await person.reads(/Once upon a time there was a bicycle/);
    const { voice, message_id } = await person.reads(isVoice);
    expect(message_id).toBeGreaterThan(text.message_id);
    expect(text.reply_markup!.inline_keyboard.flat().map((button) => button.text)).not.toContain('🔊 Listen');
    const opus = describeOpus(await sandbox().file(voice!.file_id));
    expect(opus).toMatchObject({ magic: 'OggS', head: 'OpusHead', tags: true });
    expect(opus.seconds).toBeGreaterThan(1);
    expect(Math.abs(opus.seconds - voice!.duration)).toBeLessThan(1);
  });

  it('an answer is read aloud when its button is pressed, and understood as a voice message by another person', async () => {
    const [anna, emma] = await Promise.all([Person.meet(sandbox(), 'ru'), Person.meet(sandbox(), 'en')]);
    await sandbox().script('колесо', 'Колесо проверяют раз в год.');
    await anna.say('Как часто проверять колесо?');
    const answer = await anna.reads(/раз в год/);
    expect(await anna.press(answer, '🔊 Озвучить')).toBe('Записываю…');
    const { voice } = await anna.reads(isVoice);

    await sandbox().scriptTranscript('How often shall a wheel be checked?');
    await emma.sendVoice(await sandbox().file(voice!.file_id), voice!.duration);
    await emma.reads(/you wrote: “How often shall a wheel be checked\?”/);
    expect(await emma.allItSaid()).toHaveLength(1);
  });

  it('a recording that cannot be read is answered in words, and the talk goes on', async () => {
    const person = await Person.meet(sandbox(), 'ru');
    await person.sendVoice(Buffer.from('no recording at all'), 3);
    await person.reads(/^Сейчас не получилось понять голосовое сообщение/);
    await person.say('Тогда напишу');
    await person.reads(/вы написали: «Тогда напишу»/);
  });
}
