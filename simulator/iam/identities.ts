// The account's roles and access keys: who holds a key, and what policies speak for him.
import { randomBytes } from 'node:crypto';
import { arn } from '../account.ts';
import type { AccessKeys } from '../services.ts';
import type { Statement } from './policy-document.ts';

export interface Role {
  readonly name: string;
  readonly arn: string;
  /** `AROA…`, the first half of a session's user id. */
  readonly id: string;
  readonly trust: readonly Statement[];
  /** Inline and managed policies; policies of the template are added as they are created. */
  readonly identity: Statement[];
  readonly maxSessionSeconds: number;
}

export interface Identity {
  readonly keys: AccessKeys;
  readonly arn: string;
  readonly userId: string;
  /** Null for the administrator. */
  readonly role: Role | null;
  readonly identity: readonly Statement[];
  /** Null when the session was made without a policy of its own. */
  readonly sessionPolicy: readonly Statement[] | null;
}

export interface Identities {
  readonly administrator: Identity;
  addRole(role: Omit<Role, 'arn' | 'id'>, path: string): Role;
  role(nameOrArn: string): Role | undefined;
  openSession(role: Role, session: { name: string; expiresAt: number; policy: readonly Statement[] | null }): Identity;
  find(accessKeyId: string): Identity | undefined;
}

const EVERYTHING: Statement = {
  id: 'administrator',
  effect: 'Allow',
  actions: ['*'],
  exceptActions: false,
  resources: ['*'],
  exceptResources: false,
  principals: null,
  conditions: [],
  suspended: false,
};

/** Expired sessions are kept this long, so that their holders are told that they expired. */
const FORGET_AFTER_MS = 3_600_000;
const SWEEP_EVERY = 500;

export const createIdentities = (now: () => number): Identities => {
  const roles = new Map<string, Role>();
  const identities = new Map<string, Identity>();

  const administrator: Identity = {
    keys: { accessKeyId: uniqueId('AKIA'), secretAccessKey: randomBytes(30).toString('base64') },
    arn: arn('iam', 'user/administrator'),
    userId: uniqueId('AIDA'),
    role: null,
    identity: [EVERYTHING],
    sessionPolicy: null,
  };
  identities.set(administrator.keys.accessKeyId, administrator);

  const sweep = () => {
    const before = now() - FORGET_AFTER_MS;
    for (const [id, { keys }] of identities) if (keys.expiresAt !== undefined && keys.expiresAt < before) identities.delete(id);
  };

  return {
    administrator,
    addRole: (settings, path) => {
      const role = { ...settings, arn: arn('iam', `role${path}${settings.name}`), id: uniqueId('AROA') };
      roles.set(role.name, role);
      return role;
    },
    role: (nameOrArn) => roles.get(nameOrArn) ?? [...roles.values()].find((role) => role.arn === nameOrArn),
    openSession: (role, { name, expiresAt, policy }) => {
      if (identities.size % SWEEP_EVERY === 0) sweep();
      const identity: Identity = {
        keys: {
          accessKeyId: uniqueId('ASIA'),
          secretAccessKey: randomBytes(30).toString('base64'),
          sessionToken: randomBytes(192).toString('base64'),
          expiresAt,
        },
        // The path of a role is not part of its sessions' ARN.
        arn: arn('sts', `assumed-role/${role.name}/${name}`),
        userId: `${role.id}:${name}`,
        role,
        identity: role.identity,
        sessionPolicy: policy,
      };
      identities.set(identity.keys.accessKeyId, identity);
      return identity;
    },
    find: (accessKeyId) => identities.get(accessKeyId),
  };
};

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** Four letters that tell the kind, sixteen of chance ("IAM identifiers", IAM User Guide). */
const uniqueId = (prefix: string): string => prefix + [...randomBytes(16)].map((byte) => ALPHABET[byte % ALPHABET.length]).join('');
