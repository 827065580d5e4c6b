/** To the minute. Nobody knows the time zone of the person. */
export const momentIn = (locale: string, time: Date): string =>
  `${new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' }).format(time)} UTC`;
