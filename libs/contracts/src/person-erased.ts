import { z } from 'zod';
import { defineEvent } from './define-event';

/** `<service>.person.erased.v1`: each service that keeps anything of people says it. */
export const definePersonErased = <const Service extends string>(service: Service) =>
  defineEvent(
    `${service}.person.erased.v1`,
    z.object({ erasureId: z.uuid().describe('That of the request.'), userId: z.uuid() }),
    {
      subject: 'userId',
      summary: 'Nothing about a person is left in this service, and what old backups hold of them cannot be read.',
    },
  );
