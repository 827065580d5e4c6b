// Everything below is generated from docs/openapi/switchboard.json by `npm run docs`; names are those of the routes.
export { createClient } from './generated/client';
export { client } from './generated/client.gen';
export * from './generated/sdk.gen';
export * from './generated/types.gen';
export * from './generated/@tanstack/react-query.gen';
