/** How urgent an alert is, by the words that the service has for it. */
export const severityTexts = {
  en: { warning: 'Warning', critical: 'Urgent' },
  ru: { warning: 'Предупреждение', critical: 'Срочно' },
};

/** Whether it wakes somebody. */
export const isUrgent = (severity: string): boolean =>
  severity === ('critical' satisfies keyof typeof severityTexts.en);
