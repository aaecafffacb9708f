// What a customer managed key of AWS KMS asks of whoever reads or writes what it encrypts: that their policies allow it too, by way of the
// service. Nothing is encrypted here, and the key's own policy is not asked: it is not in the template.
import { REGION, URL_SUFFIX } from '../account.ts';
import type { Iam, Principal } from '../services.ts';

/** Throws AccessDeniedException. Unverified on AWS: which actions a write needs; the more are asked for. */
export const useKey = (
  iam: Pick<Iam, 'authorize'>,
  principal: Principal,
  { keyArn, service, writes }: { readonly keyArn: string | null; readonly service: string; readonly writes: boolean },
): void => {
  if (keyArn === null) return;
  for (const action of ['kms:Decrypt', ...(writes ? ['kms:GenerateDataKey'] : [])])
    iam.authorize(principal, action, keyArn, { 'kms:ViaService': `${service}.${REGION}.${URL_SUFFIX}` });
};
