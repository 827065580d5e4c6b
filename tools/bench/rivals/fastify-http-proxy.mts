import proxy from '@fastify/http-proxy';
import Fastify from 'fastify';

/** What most would take in place of a gateway: everything is passed on, nothing is asked, counted or logged. */
const app = Fastify();
await app.register(proxy, { upstream: process.env['UPSTREAM']!, prefix: '/v1', rewritePrefix: '/' });
await app.listen({ port: Number(process.env['PORT']), host: '127.0.0.1' });
console.log('ready');
