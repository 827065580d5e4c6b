/** When a schedule runs, as far as people have a word for it. */
type CronTime =
  | { every: 'minutes'; minutes: number }
  | { every: 'hour'; minute: number }
  | { every: 'day'; hour: number; minute: number }
  | { every: 'week'; day: number; hour: number; minute: number };

/** Undefined of times that have no short name: they are shown as they are written. */
export function timeOf(cron: string): CronTime | undefined {
  const [minute = '', hour = '', day = '', month = '', weekday = ''] = cron.split(' ');
  if (day !== '*' || month !== '*') return undefined;
  const steps = /^\*\/(\d+)$/.exec(minute)?.[1];
  if (hour === '*' && weekday === '*') {
    if (minute === '*') return { every: 'minutes', minutes: 1 };
    if (steps) return { every: 'minutes', minutes: Number(steps) };
    return isNumber(minute) ? { every: 'hour', minute: Number(minute) } : undefined;
  }
  if (!isNumber(minute) || !isNumber(hour)) return undefined;
  const at = { hour: Number(hour), minute: Number(minute) };
  if (weekday === '*') return { every: 'day', ...at };
  return isNumber(weekday) ? { every: 'week', day: Number(weekday), ...at } : undefined;
}

const isNumber = (text: string): boolean => /^\d+$/.test(text);
