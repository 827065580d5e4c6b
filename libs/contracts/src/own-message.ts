const inRussian = new Map<string, string>();

/**
 * What a schema has against a value, in words of its own: a check takes one message, and the language of whoever reads it is known
 * later. Without it a pattern is told as nothing more than that something is not written as it has to be.
 */
export function ownMessage(en: string, ru: string): string {
  inRussian.set(en, ru);
  return en;
}

/** The Russian of a message that a schema gave itself, where it has one. */
export const ownMessageInRussian = (message: string): string | undefined => inRussian.get(message);

export const unknownTimeZone = ownMessage(
  'There is no such time zone. Write the name of a place as in Europe/Berlin, or UTC.',
  'Такого часового пояса нет. Напишите название вроде Europe/Moscow или UTC.',
);
