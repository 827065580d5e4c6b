/**
 * Text as it is indexed and asked for. Lower case is made here, because a database with the locale `C` lowers Latin
 * letters only; and ё is written as е, as most people do.
 */
export const searchable = (text: string) => text.toLowerCase().replaceAll('ё', 'е');
