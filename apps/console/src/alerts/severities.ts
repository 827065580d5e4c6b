/** Whether an alert wakes somebody, by the word that the service has for it. */
export const isUrgent = (severity: string): boolean => severity === 'critical';
