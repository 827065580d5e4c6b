/** What time it is. Injected, so that a test can say. */
export class Clock {
  now(): Date {
    return new Date();
  }
}
