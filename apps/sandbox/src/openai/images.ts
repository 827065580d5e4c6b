import { ApiError } from './api-error';
import { endpoint } from './misbehave';
import type { World } from './world';

/** `POST /images/…`: the sandbox cannot draw and says so. */
export const imagesEndpoint = (world: World) =>
  endpoint(world, 'openai.images', () => {
    throw new ApiError(400, 'The sandbox does not make pictures.', { code: 'unsupported_operation' });
  });
