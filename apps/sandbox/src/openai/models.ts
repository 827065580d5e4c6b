import { assertModelExists } from './api-error';
import { endpoint } from './misbehave';
import type { World } from './world';

/** What is offered; any other name is served as well, since compatible servers have names of their own. */
const OFFERED = [
  'gpt-4o-mini',
  'gpt-4o',
  'gpt-4.1-mini',
  'gpt-4.1',
  'gpt-5-mini',
  'gpt-5',
  'text-embedding-3-small',
  'text-embedding-3-large',
  'omni-moderation-latest',
  'tts-1',
  'tts-1-hd',
  'gpt-4o-mini-tts',
  'whisper-1',
  'gpt-4o-transcribe',
  'gpt-4o-mini-transcribe',
];
/** 2025-01-01, as Unix seconds. */
const CREATED = 1_735_689_600;

const modelOf = (id: string) => ({ id, object: 'model', created: CREATED, owned_by: 'sandbox' });

/** `GET /models` */
export const modelsEndpoint = (world: World) =>
  endpoint(world, 'openai.models', ({ res }) => void res.json({ object: 'list', data: OFFERED.map(modelOf) }));

/** `GET /models/:model` */
export const modelEndpoint = (world: World) =>
  endpoint(world, 'openai.models', ({ req, res }) => {
    const model = String(req.params['model']);
    assertModelExists(model);
    res.json(modelOf(model));
  });
