// Reads from a user's credential whether the domain let the connector's account act for them (the ticket is forwardable): what tells
// a protected user from a service that is not on the account's list. libgssapi has no call for it, so libkrb5 is asked.
import koffi from 'koffi';
import { type Handle, storeCredential } from './gss.ts';

koffi.struct('krb5_keyblock', { magic: 'int32_t', kind: 'int32_t', length: 'uint32_t', contents: 'void *' });
koffi.struct('krb5_times', { authenticated: 'int32_t', start: 'int32_t', end: 'int32_t', renew: 'int32_t' });
koffi.struct('krb5_data', { magic: 'int32_t', length: 'uint32_t', data: 'void *' });
koffi.struct('krb5_creds', {
  magic: 'int32_t',
  client: 'void *',
  server: 'void *',
  key: 'krb5_keyblock',
  times: 'krb5_times',
  isUserToUser: 'uint32_t',
  flags: 'uint32_t',
  addresses: 'void *',
  ticket: 'krb5_data',
  second: 'krb5_data',
  authorisation: 'void *',
});

const library = koffi.load('libkrb5.so.3');
const initContext = library.func('int32_t krb5_init_context(_Out_ uintptr_t *context)');
const freeContext = library.func('void krb5_free_context(uintptr_t context)');
const resolve = library.func('int32_t krb5_cc_resolve(uintptr_t context, str name, _Out_ uintptr_t *cache)');
const destroy = library.func('int32_t krb5_cc_destroy(uintptr_t context, uintptr_t cache)');
const begin = library.func('int32_t krb5_cc_start_seq_get(uintptr_t context, uintptr_t cache, _Out_ uintptr_t *cursor)');
const next = library.func(
  'int32_t krb5_cc_next_cred(uintptr_t context, uintptr_t cache, _Inout_ uintptr_t *cursor, _Out_ krb5_creds *credential)',
);
const end = library.func('int32_t krb5_cc_end_seq_get(uintptr_t context, uintptr_t cache, _Inout_ uintptr_t *cursor)');
const freeContents = library.func('void krb5_free_cred_contents(uintptr_t context, _Inout_ krb5_creds *credential)');
const unparse = library.func('int32_t krb5_unparse_name(uintptr_t context, void *name, _Out_ void **out)');
const freeText = library.func('void krb5_free_unparsed_name(uintptr_t context, void *text)');

/** RFC 4120 §5.3, TicketFlags bit 1. */
const FORWARDABLE = 0x4000_0000;

let count = 0;

/** Null where it cannot be told. `account` is the connector's own principal, which the ticket is for. */
export const isForwardable = (credential: Handle, account: string): boolean | null => {
  count += 1;
  const name = `MEMORY:evidence-${count}`;
  if (!storeCredential(credential, { ccache: name })) return null;
  const context = [0n];
  if (initContext(context) !== 0) return null;
  const cache = [0n];
  try {
    if (resolve(context[0], name, cache) !== 0) return null;
    return search(context[0]!, cache[0]!, account);
  } finally {
    destroy(context[0], cache[0]);
    freeContext(context[0]);
  }
};

const search = (context: bigint, cache: bigint, account: string): boolean | null => {
  const cursor = [0n];
  if (begin(context, cache, cursor) !== 0) return null;
  let found: boolean | null = null;
  for (;;) {
    const credential = {} as { server: bigint; flags: number };
    if (next(context, cache, cursor, credential) !== 0) break;
    if (textOf(context, credential.server) === account) found = (credential.flags & FORWARDABLE) !== 0;
    freeContents(context, credential);
  }
  end(context, cache, cursor);
  return found;
};

const textOf = (context: bigint, name: bigint): string => {
  const out: bigint[] = [0n];
  if (unparse(context, name, out) !== 0) return '';
  const text = koffi.decode.string(out[0]);
  freeText(context, out[0]);
  return text;
};
