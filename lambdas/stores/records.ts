// What the tables hold, as the functions see it, and the ports to it. The stores beside this file turn it into DynamoDB items and back.
export type * from './records/credentials.ts';
export type * from './records/directory.ts';
export type * from './records/registry.ts';
export type * from './records/service-tokens.ts';
export type * from './records/sessions.ts';
export type * from './records/single-sign-on.ts';
