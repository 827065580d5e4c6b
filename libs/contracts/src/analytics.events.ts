import { z } from 'zod';
import { definePersonErased } from './person-erased';

export const AnalyticsPersonErased = definePersonErased('analytics');

/** What a page says of itself. It is posted to analytics and stored there; it never travels over the bus. */
export interface UiEventDefinition<Type extends string = string, Schema extends z.ZodObject = z.ZodObject> {
  readonly type: Type;
  readonly schema: Schema;
  readonly summary: string;
}

/** Words of the page's own, as `streak-freeze`: never what a person typed, and never an id of anybody. */
const Word = z
  .string()
  .max(40)
  .regex(/^[a-z][a-z0-9]*([._-][a-z0-9]+)*$/);

/** Strict: a field that is not described here keeps the whole event out of the store. */
const defineUiEvent = <const Type extends string, Shape extends z.ZodRawShape>(
  type: Type,
  shape: Shape,
  summary: string,
): UiEventDefinition<Type, z.ZodObject<Shape>> => ({ type, schema: z.strictObject(shape), summary });

export const PageOpened = defineUiEvent(
  'analytics.page.opened.v1',
  {
    page: Word.describe('Its name, without the ids in its address.'),
    source: Word.optional().describe('What led here: "menu", "notice", a campaign.'),
    startKind: Word.optional().describe('How the app was started: "link", "icon", …'),
    cold: z.boolean().optional().describe('True when nothing of the app was loaded yet.'),
    ms: z.int().min(0).max(600_000).optional().describe('Until it could be used.'),
  },
  'A page was opened.',
);

export const PageClosed = defineUiEvent(
  'analytics.page.closed.v1',
  { page: Word, ms: z.int().min(0).max(86_400_000).describe('How long it was looked at.') },
  'A page was left.',
);

export const StepReached = defineUiEvent(
  'analytics.step.reached.v1',
  { flow: Word, step: Word },
  'A step of something that takes several was reached, such as an order.',
);

export const uiEvents: readonly UiEventDefinition[] = [PageOpened, PageClosed, StepReached];
