import type { DynamicModule, ForwardReference, Type } from '@nestjs/common';
import { MODULE_METADATA } from '@nestjs/common/constants';
import { MetadataScanner } from '@nestjs/core';
import { parseCronItem } from 'graphile-worker';
import { z } from 'zod';
import { type JobDefinition, Runs } from './jobs';

/** The payload of a scheduled job: for which time of its schedule it is run, to the minute. */
export const Slot = z.object({ slot: z.iso.datetime().transform((text) => new Date(text)) });

export interface ScheduleOptions {
  /** What it is for, told by the list of all schedules. */
  purpose: string;
  /**
   * A run that takes longer has failed: its signal is aborted, and it is tried again once it has ended. One that hears no signal
   * is waited for as long again; then its next try may go on beside it.
   */
  timeoutMs: number;
  /**
   * What becomes of slots at which no process was there, and for a minute after: none is made up for, or the latest of them, or
   * each of the last 31 days, the oldest first. Default: the latest.
   */
  missed?: 'skip' | 'latest' | 'each';
}

export interface Schedule extends Required<ScheduleOptions> {
  readonly job: JobDefinition<typeof Slot>;
  /** Minute, hour, day of the month, month, day of the week; in UTC. */
  readonly cron: string;
}

const SCHEDULED = 'switchboard:scheduled';

/**
 * Marks the method of a provider that is run by the clock: `method({ slot }: PayloadOf<typeof job>, run: JobRun)`. Each slot is run
 * once, however many processes there are, and runs of one schedule never overlap. Like any job, a run bears being repeated.
 */
export function Scheduled(cron: string, job: JobDefinition<typeof Slot>, options: ScheduleOptions): MethodDecorator {
  const schedule: Schedule = { missed: 'latest', ...options, job, cron };
  matcherOf(schedule); // throws if it cannot be read
  return (target, key, descriptor) => {
    Reflect.defineMetadata(SCHEDULED, schedule, descriptor.value as object);
    Runs(job)(target, key, descriptor);
  };
}

/** The schedule of a method, if it has one. */
export const scheduleOf = (method: object) => Reflect.getMetadata(SCHEDULED, method) as Schedule | undefined;

type ModuleReference = Type | DynamicModule | ForwardReference<() => Type>;

/** The schedules of all classes that a module and its imports provide. */
export const schedulesIn = (module: Type): Schedule[] => [...providersOf(module)].flatMap(schedulesOfClass);

export function schedulesOfClass({ prototype }: Type): Schedule[] {
  const methods = prototype as Record<string, object>;
  return new MetadataScanner().getAllMethodNames(methods).flatMap((name) => scheduleOf(methods[name]!) ?? []);
}

function providersOf(reference: ModuleReference, seen = new Set<unknown>(), found = new Set<Type>()): Set<Type> {
  const module = 'forwardRef' in reference ? reference.forwardRef() : reference;
  if (seen.has(module)) return found;
  seen.add(module);
  const own = 'module' in module ? module : undefined;
  const metadata = (key: string) => (own ? [] : ((Reflect.getMetadata(key, module) ?? []) as unknown[]));
  for (const provider of [...(own?.providers ?? []), ...metadata(MODULE_METADATA.PROVIDERS)]) {
    const type = typeof provider === 'function' ? provider : (provider as { useClass?: Type }).useClass;
    if (type) found.add(type as Type);
  }
  for (const imported of [...(own?.imports ?? []), ...metadata(MODULE_METADATA.IMPORTS)])
    providersOf(imported as ModuleReference, seen, found);
  return own ? providersOf(own.module, seen, found) : found;
}

export const MINUTE_MS = 60_000;
/** How far back slots are looked for. */
const LOOK_BACK_MS = 31 * 24 * 60 * MINUTE_MS;
/** The last of them on 29 February. */
const LONGEST_INTERVAL_DAYS = 8 * 366;

/** The slots after one time and up to another, the oldest first. */
export function slotsBetween(schedule: Schedule, after: Date, upTo: Date): Date[] {
  const matches = matcherOf(schedule);
  const begin = Math.max(after.getTime(), upTo.getTime() - LOOK_BACK_MS);
  const slots: Date[] = [];
  for (let time = (Math.floor(begin / MINUTE_MS) + 1) * MINUTE_MS; time <= upTo.getTime(); time += MINUTE_MS) {
    if (matches(new Date(time))) slots.push(new Date(time));
  }
  return slots;
}

/** How long it is from the next slot to the one after it, in milliseconds. */
export function intervalOf(schedule: Schedule, from = new Date()): number {
  const first = nextSlot(schedule, from);
  return nextSlot(schedule, first).getTime() - first.getTime();
}

/** The first slot after a time. */
export function nextSlot(schedule: Schedule, after: Date): Date {
  const matches = matcherOf(schedule);
  const limit = after.getTime() + LONGEST_INTERVAL_DAYS * 24 * 60 * MINUTE_MS;
  for (let time = (Math.floor(after.getTime() / MINUTE_MS) + 1) * MINUTE_MS; time <= limit; time += MINUTE_MS)
    if (matches(new Date(time))) return new Date(time);
  throw new Error(`The schedule of ${schedule.job.name} has no slot in eight years`);
}

/** Those of the slots since the last one that are to be run now. */
export function slotsToRun(schedule: Schedule, last: Date, now: Date): Date[] {
  const passed = slotsBetween(schedule, last, now);
  if (schedule.missed === 'each') return passed;
  if (schedule.missed === 'latest') return passed.slice(-1);
  return passed.filter((slot) => now.getTime() - slot.getTime() < MINUTE_MS);
}

function matcherOf({ cron, job }: Schedule): (time: Date) => boolean {
  const { match } = parseCronItem({ task: job.name, match: cron }, `the schedule of ${job.name}`);
  return (time) =>
    match({
      min: time.getUTCMinutes(),
      hour: time.getUTCHours(),
      date: time.getUTCDate(),
      month: time.getUTCMonth() + 1,
      dow: time.getUTCDay(),
    });
}
