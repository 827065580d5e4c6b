import { Router } from 'express';
import { z } from 'zod';
import { ApiError, parseRequest } from './api-error';
import { type Context, idOf, type StoredFile } from './context';
import { endpoint, formOf } from './endpoint';

const MAX_BYTES = 512 * 1024 * 1024;

const NewFile = z.object({
  purpose: z.enum(['assistants', 'batch', 'fine-tune', 'vision', 'user_data', 'evals']),
  'expires_after[anchor]': z.literal('created_at').optional(),
  'expires_after[seconds]': z.coerce.number().int().min(3600).max(2_592_000).optional(),
});
const Page = z.object({
  purpose: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(10_000).default(10_000),
  order: z.enum(['asc', 'desc']).default('desc'),
  after: z.string().optional(),
});

/** `/files`: upload, list, facts, content, deletion. */
export function filesRouter(context: Context): Router {
  const router = Router();

  router.post(
    '/',
    endpoint(context, 'files', async (call) => {
      const { fields, files } = await formOf(call, MAX_BYTES);
      const { purpose, 'expires_after[seconds]': seconds } = parseRequest(NewFile, fields);
      const upload = files['file']?.[0];
      if (!upload) throw new ApiError(400, "Missing required parameter: 'file'.", { param: 'file' });
      const created_at = Math.floor(Date.now() / 1000);
      const file: StoredFile = {
        id: idOf('file-'),
        bytes: upload.bytes.length,
        created_at,
        expires_at: seconds === undefined ? null : created_at + seconds,
        filename: upload.name ?? 'file',
        purpose,
        base64: upload.bytes.toString('base64'),
      };
      context.files.set(file.id, file);
      call.res.json(fileView(file));
    }),
  );

  router.get(
    '/',
    endpoint(context, 'files', ({ req, res }) => {
      const { purpose, limit, order, after } = parseRequest(Page, req.query);
      const all = [...context.files.values()].filter((file) => purpose === undefined || file.purpose === purpose);
      if (order === 'desc') all.reverse();
      const rest = after === undefined ? all : all.slice(all.findIndex(({ id }) => id === after) + 1);
      const data = rest.slice(0, limit).map(fileView);
      const [first, last] = [data[0]?.id ?? null, data.at(-1)?.id ?? null];
      res.json({ object: 'list', data, first_id: first, last_id: last, has_more: rest.length > limit });
    }),
  );

  router.get(
    '/:id',
    endpoint(context, 'files', ({ req, res }) => void res.json(fileView(fileOf(context, req.params['id'])))),
  );
  router.get(
    '/:id/content',
    endpoint(context, 'files', ({ req, res }) => {
      const file = fileOf(context, req.params['id']);
      res.type('application/octet-stream').send(Buffer.from(file.base64, 'base64'));
    }),
  );
  router.delete(
    '/:id',
    endpoint(context, 'files', ({ req, res }) => {
      const { id } = fileOf(context, req.params['id']);
      context.files.delete(id);
      res.json({ id, object: 'file', deleted: true });
    }),
  );
  return router;
}

/** Throws the 404 for one that is not there. */
export function fileOf(context: Context, id: unknown): StoredFile {
  const file = context.files.get(String(id));
  if (!file) throw new ApiError(404, `No such File object: ${String(id)}`, { param: 'id' });
  return file;
}

const fileView = ({ base64: _content, ...facts }: StoredFile) => ({ object: 'file', ...facts, status: 'processed' });
