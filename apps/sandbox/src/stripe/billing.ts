import { z } from 'zod';
import { invalidRequest } from './api-error';
import type { Events } from './events';
import { type Account, head, now, type Objects, type StripeObject } from './objects';
import { integer } from './params';

export interface Meter extends StripeObject {
  display_name: string;
  event_name: string;
  status: 'active' | 'inactive';
  default_aggregation: { formula: 'sum' | 'count' | 'last' };
  customer_mapping: { event_payload_key: string; type: 'by_id' };
  value_settings: { event_payload_key: string };
}

interface MeterEvent extends StripeObject {
  event_name: string;
  identifier: string;
  payload: Record<string, string>;
  timestamp: number;
  /** When it came, in milliseconds. */
  receivedAt: number;
  cancelled: boolean;
}

export const MeterParams = z.strictObject({
  display_name: z.string().min(1).max(250),
  event_name: z.string().min(1).max(100),
  default_aggregation: z.strictObject({ formula: z.enum(['sum', 'count', 'last']) }),
  customer_mapping: z
    .strictObject({ event_payload_key: z.string(), type: z.literal('by_id') })
    .default({ event_payload_key: 'stripe_customer_id', type: 'by_id' }),
  value_settings: z.strictObject({ event_payload_key: z.string() }).default({ event_payload_key: 'value' }),
  event_time_window: z.enum(['hour', 'day']).optional(),
});

export const MeterEventParams = z.strictObject({
  event_name: z.string().min(1).max(100),
  payload: z.record(z.string(), z.string()),
  identifier: z.string().min(1).max(100).optional(),
  timestamp: integer.optional(),
});

export const AdjustmentParams = z.strictObject({
  event_name: z.string(),
  type: z.literal('cancel'),
  cancel: z.strictObject({ identifier: z.string() }),
});

export const SummariesParams = z.strictObject({
  customer: z.string(),
  start_time: integer,
  end_time: integer,
  value_grouping_window: z.enum(['hour', 'day']).optional(),
  limit: z.string().optional(),
});

const DAY_MS = 86_400_000;
const OLDEST_S = 35 * 86_400;
const AHEAD_S = 300;
/** Until it is seen in summaries. */
const LAG_MS = 30_000;

/** Usage that is told of as it happens; what it costs is none of the sandbox's. */
export class Billing {
  private readonly checks = new Set<NodeJS.Timeout>();

  constructor(
    private readonly objects: Objects,
    private readonly events: Events,
    private readonly pace: number,
  ) {}

  createMeter(account: Account, params: z.output<typeof MeterParams>): Meter {
    if (this.meterOf(account, params.event_name))
      throw invalidRequest(`A meter for the event "${params.event_name}" exists already.`, { param: 'event_name' });
    return this.objects.add(account, { ...head(account, 'mtr', 'billing.meter'), ...params, status: 'active' });
  }

  /** Whether it is right is found out later: the answer says nothing. */
  record(account: Account, params: z.output<typeof MeterEventParams>): object {
    const { event_name, payload, timestamp = now(), identifier = `${now()}-${Math.random()}` } = params;
    if (timestamp < now() - OLDEST_S)
      throw invalidRequest('The timestamp must be within the past 35 calendar days.', {
        code: 'timestamp_too_far_in_past',
        param: 'timestamp',
      });
    if (timestamp > now() + AHEAD_S)
      throw invalidRequest('The timestamp must not be more than 5 minutes in the future.', {
        code: 'timestamp_in_future',
        param: 'timestamp',
      });
    const known = this.recorded(account).find(
      (one) => one.identifier === identifier && Date.now() - one.receivedAt < DAY_MS,
    );
    if (known)
      throw invalidRequest(`An event already exists with identifier ${identifier}.`, {
        code: 'resource_already_exists',
        param: 'identifier',
      });
    const event = this.objects.add<MeterEvent>(account, {
      ...head(account, 'mtre', 'billing.meter_event'),
      ...{ event_name, payload, identifier, timestamp, receivedAt: Date.now(), cancelled: false },
    });
    const timer = setTimeout(() => {
      this.checks.delete(timer);
      this.check(account, event);
    }, 1000 * this.pace);
    this.checks.add(timer.unref());
    const { object, created, livemode } = event;
    return { object, created, event_name, identifier, livemode, payload, timestamp };
  }

  cancel(account: Account, { event_name, cancel: { identifier } }: z.output<typeof AdjustmentParams>): object {
    const event = this.recorded(account).find((one) => one.event_name === event_name && one.identifier === identifier);
    if (!event || Date.now() - event.receivedAt > DAY_MS)
      throw invalidRequest(`No event of the last 24 hours has the identifier ${identifier}.`, {
        param: 'cancel[identifier]',
      });
    event.cancelled = true;
    const { livemode } = event;
    return {
      object: 'billing.meter_event_adjustment',
      type: 'cancel',
      event_name,
      status: 'pending',
      cancel: { identifier },
      livemode,
    };
  }

  summaries(account: Account, meter: Meter, params: z.output<typeof SummariesParams>): object {
    const { customer, start_time: start, end_time: end, value_grouping_window: window } = params;
    for (const [name, at] of Object.entries({ start_time: start, end_time: end }))
      if (at % 60 !== 0) throw invalidRequest('The timestamp must be aligned with minute boundaries.', { param: name });
    const width = window === 'hour' ? 3600 : window === 'day' ? 86_400 : end - start;
    const seen = this.recorded(account).filter(
      (one) =>
        one.event_name === meter.event_name &&
        this.problemWith(account, one) === undefined &&
        one.payload[meter.customer_mapping.event_payload_key] === customer &&
        !one.cancelled &&
        Date.now() - one.receivedAt >= LAG_MS * this.pace,
    );
    const windows = Array.from({ length: Math.max(1, Math.ceil((end - start) / width)) }, (_, i) => start + i * width);
    const data = windows.map((from) => {
      const values = seen.filter(({ timestamp }) => timestamp >= from && timestamp < from + width).toReversed();
      const numbers = values.map(({ payload }) => Number(payload[meter.value_settings.event_payload_key] ?? 0));
      const { formula } = meter.default_aggregation;
      const sum = numbers.reduce((all, one) => all + one, 0);
      const aggregated_value = formula === 'count' ? numbers.length : formula === 'last' ? (numbers.at(-1) ?? 0) : sum;
      const { livemode } = meter;
      return {
        id: `mtrusg_${meter.id}_${from}`,
        object: 'billing.meter_event_summary',
        aggregated_value,
        start_time: from,
        end_time: from + width,
        livemode,
        meter: meter.id,
      };
    });
    return {
      object: 'list',
      url: `/v1/billing/meters/${meter.id}/event_summaries`,
      has_more: false,
      data: data.reverse(),
    };
  }

  close(): void {
    this.checks.forEach(clearTimeout);
  }

  private check(account: Account, event: MeterEvent): void {
    const code = this.problemWith(account, event);
    if (code === undefined) return;
    const meter = this.meterOf(account, event.event_name);
    const sample = { error_message: code, request: { identifier: event.identifier } };
    const reason = { error_count: 1, error_types: [{ code, error_count: 1, sample_errors: [sample] }] };
    const data = {
      developer_message_summary: 'There is 1 invalid event',
      reason,
      validation_start: event.created,
      validation_end: now(),
    };
    const about = meter
      ? { id: meter.id, type: 'billing.meter', url: `/v1/billing/meters/${meter.id}` }
      : { id: event.event_name, type: 'billing.meter', url: '/v1/billing/meters' };
    const type = meter ? 'v1.billing.meter.error_report_triggered' : 'v1.billing.meter.no_meter_found';
    this.events.emitThin(account, type, about, data);
  }

  private problemWith(account: Account, { event_name, payload }: MeterEvent): string | undefined {
    const meter = this.meterOf(account, event_name);
    if (!meter) return 'no_meter';
    if (meter.status === 'inactive') return 'archived_meter';
    const customer = payload[meter.customer_mapping.event_payload_key] ?? '';
    if (!this.objects.find(account, 'customer', customer)) return 'meter_event_customer_not_found';
    const value = payload[meter.value_settings.event_payload_key];
    return /^-?\d+$/.test(value ?? '') ? undefined : 'meter_event_invalid_value';
  }

  private meterOf(account: Account, eventName: string): Meter | undefined {
    return this.objects.of<Meter>(account, 'billing.meter').find((one) => one.event_name === eventName);
  }

  private recorded(account: Account): MeterEvent[] {
    return this.objects.of<MeterEvent>(account, 'billing.meter_event');
  }
}
