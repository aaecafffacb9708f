// Our authentication at the provider's token endpoint by HTTP Basic (RFC 6749 §2.3.1): id and secret are form-encoded before. Some providers
// forget to decode them. openid-client encodes hyphens and underscores as well, which needs not be; left alone, as the encoding
// has it (URL standard §5.2), secrets made of base64url pass at these too.
import type { ClientAuth } from 'openid-client';

export const clientSecretBasic =
  (secret: string): ClientAuth =>
  (_server, { client_id }, _body, headers) => {
    headers.set('authorization', `Basic ${Buffer.from(`${formEncoded(client_id)}:${formEncoded(secret)}`).toString('base64')}`);
  };

const formEncoded = (text: string): string => new URLSearchParams({ t: text }).toString().slice('t='.length);
