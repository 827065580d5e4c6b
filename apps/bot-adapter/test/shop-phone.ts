import type { TestApp } from '@switchboard/testing';
import { externalHash } from './start-bot-adapter';
import type { Phone, PretendedTelegram, SeenMessage } from './start-sandbox';

/** What people do with the screens of the shop. */

const buttonsOf = ({ reply_markup }: SeenMessage) => reply_markup?.inline_keyboard.flat() ?? [];

export const labels = (message: SeenMessage) => buttonsOf(message).map((button) => button.text);

export const urlOf = (message: SeenMessage, label: RegExp) =>
  (buttonsOf(message).find((button) => label.test(button.text)) as { url?: string } | undefined)?.url;

export function labelled(message: SeenMessage, label: RegExp): string {
  const found = labels(message).find((one) => label.test(one));
  if (!found) throw new Error(`no button ${String(label)} among ${labels(message).join(' | ')}`);
  return found;
}

/** What the message shows once it is another than before. */
export const changed = (phone: Phone, before: SeenMessage, words: RegExp) =>
  phone.answer((message) => message.message_id === before.message_id && words.test(message.text ?? ''));

export async function press(phone: Phone, message: SeenMessage, label: RegExp, words: RegExp): Promise<SeenMessage> {
  await phone.press(message.message_id, labelled(message, label));
  return changed(phone, message, words);
}

export async function userOf({ service }: TestApp, phone: Phone): Promise<string> {
  const [row] = await service.db.query<{ user_id: string }[]>('SELECT user_id FROM people WHERE external_hash = $1', [
    externalHash(phone.id),
  ]);
  return row!.user_id;
}

/** Somebody new comes, by a link or by themselves. */
export async function arriveAt(
  { telegram, app }: { telegram: PretendedTelegram; app: TestApp },
  language = 'en',
  name = 'Emma',
  link?: string,
) {
  const phone = await telegram.person(language, undefined, name);
  await phone.start(link);
  const home = await phone.answer(({ text }) => /^(Hello|Здравствуйте)/.test(text ?? ''));
  return { phone, home, userId: await userOf(app, phone) };
}
