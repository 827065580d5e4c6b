import { Injectable } from '@nestjs/common';
import { Counter, Histogram, Registry } from 'prom-client';

@Injectable()
export class DeliveryMetrics {
  readonly finished: Counter<'bot' | 'kind' | 'outcome'>;
  readonly inDoubt: Counter<'bot' | 'cause'>;
  readonly seconds: Histogram<'kind'>;

  constructor(registry: Registry) {
    const registers = [registry];
    this.finished = new Counter({
      name: 'deliveries_total',
      help: 'Deliveries that came to an end, by how: sent, or the reason why not.',
      labelNames: ['bot', 'kind', 'outcome'],
      registers,
    });
    this.inDoubt = new Counter({
      name: 'deliveries_in_doubt_total',
      help: 'Messages sent once more because it is not known whether the channel took them: a person may see them twice.',
      labelNames: ['bot', 'cause'],
      registers,
    });
    this.seconds = new Histogram({
      name: 'delivery_seconds',
      help: 'From queued to accepted by the channel, with all its parts.',
      labelNames: ['kind'],
      buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300],
      registers,
    });
  }
}
