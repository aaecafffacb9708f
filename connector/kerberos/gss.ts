// The system's libgssapi, by koffi: acquire, impersonate (S4U2Self), initiate (S4U2Proxy and AP-REQ), release. Runs in the helper process
// alone: calls block a thread each for as long as a domain controller takes. Knows handles and bytes, no users and no caches.
import koffi from 'koffi';

/** Address of something that the library holds; 0 is none. */
export type Handle = bigint;
export const NONE: Handle = 0n;

/** A name as it stands (`alice@CORP.EXAMPLE`), or an address whose domain need not be a realm (RFC 6806 §5). */
export type NameForm = 'principal' | 'enterprise';

/** What the library was asked for when it failed, and what it said. */
export class GssFailure extends Error {
  readonly call: string;

  constructor(call: string, text: string) {
    super(text);
    this.call = call;
  }
}

export interface Initiated {
  readonly context: Handle;
  readonly token: Buffer;
  /** No further token of the peer is awaited. */
  readonly complete: boolean;
  /** Whether the peer has proved who it is. */
  readonly mutual: boolean;
  readonly lifetimeSeconds: number;
}

/** koffi's 128 KiB are few for libkrb5. */
const STACK_BYTES = 1024 * 1024;
koffi.config({ async_stack_size: STACK_BYTES });

koffi.struct('gss_buffer', { length: 'size_t', value: 'void *' });
koffi.struct('gss_oid', { length: 'uint32_t', elements: 'void *' });
koffi.struct('gss_oid_set', { count: 'size_t', elements: 'void *' });
koffi.struct('gss_key_value', { key: 'str', value: 'str' });
koffi.struct('gss_key_values', { count: 'uint32_t', elements: 'gss_key_value *' });

const library = koffi.load('libgssapi_krb5.so.2');
const importName = library.func('uint32_t gss_import_name(_Out_ uint32_t *minor, gss_buffer *name, void *form, _Out_ uintptr_t *out)');
const acquireFrom = library.func(
  'uint32_t gss_acquire_cred_from(_Out_ uint32_t *minor, uintptr_t name, uint32_t time, void *mechanisms, int usage, gss_key_values *store, _Out_ uintptr_t *out, void *actual, void *lifetime)',
);
const acquireImpersonating = library.func(
  'uint32_t gss_acquire_cred_impersonate_name(_Out_ uint32_t *minor, uintptr_t impersonator, uintptr_t name, uint32_t time, void *mechanisms, int usage, _Out_ uintptr_t *out, void *actual, _Out_ uint32_t *lifetime)',
);
const setNegotiable = library.func('uint32_t gss_set_neg_mechs(_Out_ uint32_t *minor, uintptr_t credential, void *mechanisms)');
const initContext = library.func(
  'uint32_t gss_init_sec_context(_Out_ uint32_t *minor, uintptr_t credential, _Inout_ uintptr_t *context, uintptr_t target, void *mechanism, uint32_t flags, uint32_t time, void *bindings, gss_buffer *input, void *actual, _Out_ gss_buffer *output, _Out_ uint32_t *granted, _Out_ uint32_t *lifetime)',
);
const storeInto = library.func(
  'uint32_t gss_store_cred_into(_Out_ uint32_t *minor, uintptr_t credential, int usage, void *mechanism, uint32_t overwrite, uint32_t isDefault, gss_key_values *store, void *stored, void *usageStored)',
);
const deleteContext = library.func('uint32_t gss_delete_sec_context(_Out_ uint32_t *minor, _Inout_ uintptr_t *context, void *output)');
const releaseName = library.func('uint32_t gss_release_name(_Out_ uint32_t *minor, _Inout_ uintptr_t *name)');
const releaseCredential = library.func('uint32_t gss_release_cred(_Out_ uint32_t *minor, _Inout_ uintptr_t *credential)');
const releaseBuffer = library.func('uint32_t gss_release_buffer(_Out_ uint32_t *minor, _Inout_ gss_buffer *buffer)');
const displayStatus = library.func(
  'uint32_t gss_display_status(_Out_ uint32_t *minor, uint32_t status, int kind, void *mechanism, _Inout_ uint32_t *more, _Out_ gss_buffer *out)',
);

/** Bytes in the library's own memory, for as long as the process lives. */
const lasting = (bytes: Uint8Array): Handle => {
  const at = koffi.alloc('uint8_t', bytes.length);
  koffi.encode(at, koffi.array('uint8_t', bytes.length), bytes);
  return at;
};
const objectId = (hex: string): { readonly length: number; readonly elements: Handle } => {
  const bytes = Buffer.from(hex, 'hex');
  return { length: bytes.length, elements: lasting(bytes) };
};
const pointerTo = (type: string, value: object): Handle => {
  const at = koffi.alloc(type, 1);
  koffi.encode(at, type, value);
  return at;
};
const setOf = (...ids: ReadonlyArray<ReturnType<typeof objectId>>): Handle => {
  const elements = koffi.alloc('gss_oid', ids.length);
  koffi.encode(elements, koffi.array('gss_oid', ids.length), ids);
  return pointerTo('gss_oid_set', { count: ids.length, elements });
};

const KRB5 = objectId('2a864886f712010202');
const SPNEGO = objectId('2b0601050502');
const KRB5_POINTER = pointerTo('gss_oid', KRB5);
const SPNEGO_POINTER = pointerTo('gss_oid', SPNEGO);
const ONLY_KRB5 = setOf(KRB5);
/** A credential that lacks one of the two would make the library take the process's own credential instead, and so another user's. */
const BOTH = setOf(KRB5, SPNEGO);
const FORMS: Readonly<Record<NameForm, Handle>> = {
  principal: pointerTo('gss_oid', objectId('2a864886f71201020201')),
  enterprise: pointerTo('gss_oid', objectId('2a864886f71201020206')),
};

const INITIATE = 1;
const INDEFINITE = 0xffff_ffff;
const CONTINUE_NEEDED = 1;
const MUTUAL = 2;
/** Mutual, replay and sequence detection; the user's own ticket-granting ticket is never delegated. */
const FLAGS = MUTUAL | 4 | 8;

type Native = ReturnType<typeof library.func>;

const failed = (call: string, major: number, minor: number): GssFailure => new GssFailure(call, statusText(major, minor));

const now = (call: string, native: Native, ...values: unknown[]): void => {
  const minor = [0];
  const major: number = native(minor, ...values);
  if (major >>> 16 !== 0) throw failed(call, major, minor[0]!);
};

/** On a thread of the pool. */
const later = (call: string, native: Native, ...values: unknown[]): Promise<number> =>
  new Promise((resolve, reject) => {
    const minor = [0];
    native.async(minor, ...values, (error: unknown, major: number) => {
      if (error) reject(error);
      else if (major >>> 16 !== 0) reject(failed(call, major, minor[0]!));
      else resolve(major);
    });
  });

interface Bytes {
  length: number;
  value: Handle;
}

/** Copies what the library answered and gives its memory back. */
const taken = (buffer: Partial<Bytes>): Buffer => {
  const { length = 0, value } = buffer;
  if (!value) return Buffer.alloc(0);
  const copy = Buffer.from(koffi.decode(value, koffi.array('uint8_t', Number(length), 'Typed')) as Uint8Array);
  releaseBuffer([0], buffer);
  return copy;
};

const STATUS_GSS = 1;
const STATUS_MECHANISM = 2;

const statusText = (major: number, minor: number): string => {
  const texts: string[] = [];
  for (const [kind, status] of [
    [STATUS_GSS, major],
    [STATUS_MECHANISM, minor],
  ] as const) {
    const more = [0];
    do {
      const out: Partial<Bytes> = {};
      if (displayStatus([0], status, kind, kind === STATUS_MECHANISM ? KRB5_POINTER : null, more, out) >>> 16 !== 0) break;
      texts.push(taken(out).toString());
    } while (more[0] !== 0);
  }
  return texts.filter((text) => text !== '').join('; ');
};

const handleOf = ([value]: readonly unknown[]): Handle => BigInt(value as number | bigint);

export const nameOf = (text: string, form: NameForm): Handle => {
  const bytes = Buffer.from(text);
  const out = [NONE];
  now('name', importName, { length: bytes.length, value: bytes }, FORMS[form], out);
  return handleOf(out);
};

/** Keys of the library's credential store (client_keytab, ccache), https://web.mit.edu/kerberos/krb5-latest/doc/appdev/gssapi.html. */
type Store = Readonly<Record<string, string>>;

const keyValues = (store: Store) => {
  const elements = Object.entries(store).map(([key, value]) => ({ key, value }));
  return { count: elements.length, elements };
};

export const acquire = async (name: Handle, store: Store): Promise<Handle> => {
  const out = [NONE];
  await later('acquire', acquireFrom, name, INDEFINITE, BOTH, INITIATE, keyValues(store), out, null, null);
  return handleOf(out);
};

/** Copies a credential to where others can look into it. */
export const storeCredential = (credential: Handle, store: Store): boolean =>
  storeInto([0], credential, INITIATE, KRB5_POINTER, 1, 0, keyValues(store), null, null) >>> 16 === 0;

/** The user's ticket to the account that impersonates them, as a credential that negotiates Kerberos and nothing else. */
export const impersonate = async (impersonator: Handle, user: Handle): Promise<{ credential: Handle; lifetimeSeconds: number }> => {
  const out = [NONE];
  const lifetime = [0];
  await later('impersonate', acquireImpersonating, impersonator, user, INDEFINITE, BOTH, INITIATE, out, null, lifetime);
  const credential = handleOf(out);
  try {
    now('impersonate', setNegotiable, credential, ONLY_KRB5);
  } catch (error) {
    release(releaseCredential, credential);
    throw error;
  }
  return { credential, lifetimeSeconds: lifetime[0]! };
};

/** The first token for a target, or the next one after the peer's `input`. On failure a context that was given lives on. */
export const initiate = async (credential: Handle, target: Handle, context = NONE, input: Buffer | null = null): Promise<Initiated> => {
  const handle = [context];
  const output: Partial<Bytes> = {};
  const granted = [0];
  const lifetime = [0];
  const given = input === null ? null : { length: input.length, value: input };
  try {
    const major = await later(
      input === null ? 'initiate' : 'verify',
      ...[initContext, credential, handle, target, SPNEGO_POINTER, FLAGS, 0, null, given, null, output, granted, lifetime],
    );
    return {
      context: handleOf(handle),
      token: taken(output),
      complete: major !== CONTINUE_NEEDED,
      mutual: (granted[0]! & MUTUAL) !== 0,
      lifetimeSeconds: lifetime[0]!,
    };
  } catch (error) {
    taken(output);
    if (context === NONE) freeContext(handleOf(handle));
    throw error;
  }
};

const release = (native: Native, handle: Handle): void => {
  if (handle !== NONE) native([0], [handle]);
};

export const freeName = (name: Handle): void => release(releaseName, name);
export const freeCredential = (credential: Handle): void => release(releaseCredential, credential);
export const freeContext = (context: Handle): void => {
  if (context !== NONE) deleteContext([0], [context], null);
};
