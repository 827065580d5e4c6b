import { Clock } from '@switchboard/service-kit';

/** A clock that a test moves. */
export class FakeClock extends Clock {
  constructor(private time = new Date()) {
    super();
  }

  override now(): Date {
    return new Date(this.time);
  }

  set(time: Date): void {
    this.time = time;
  }

  advance(ms: number): void {
    this.time = new Date(this.time.getTime() + ms);
  }
}
