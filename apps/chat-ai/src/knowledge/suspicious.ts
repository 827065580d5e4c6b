/** Texts that speak to a model and not to people. JavaScript's \b knows no Cyrillic letters. */
const SPEAKS_TO_A_MODEL = [
  /\b(ignore|disregard|forget)\b.{0,40}\b(instructions?|prompts?|rules)\b/i,
  /\b(reveal|print|show|repeat|output)\b.{0,40}\b(system|hidden|initial)\s+(prompt|message|instructions?)\b/i,
  /\byou are (now|no longer)\b.{0,40}\b(assistant|model|ai|dan)\b/i,
  /(игнорируй|забудь|не обращай внимания на|отбрось)\S*.{0,40}(инструкци|указани|правил|промпт)/i,
  /(покажи|раскрой|выведи|напечатай|повтори)\S*.{0,40}(системн\S+\s+(промпт|сообщени|инструкци)|промпт)/i,
  /<\/?(system|knowledge|instructions?)>|<\|im_(start|end)\|>/i,
];

/**
 * True when a passage looks like an attempt to give orders to a model. A mark for operators and no defence: the defence
 * is that nothing here acts upon what a passage says.
 */
export const isSuspicious = (text: string): boolean => SPEAKS_TO_A_MODEL.some((pattern) => pattern.test(text));
