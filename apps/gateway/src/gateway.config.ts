import { z } from 'zod';

/** The variables that only this service reads; their names begin with `GATEWAY_`. */
export const gatewayConfig = z.object({});
