// Users' names and passwords for applications, sealed for the connectors.

/** Credentials as they are stored: sealed for the connectors, and opened by nobody else. */
export interface StoredCredentials {
  readonly sealed: string;
  /** Of the user's account at the provider (`ownerOf`); null where all users share them. */
  readonly owner: string | null;
  /** The user's name, or that of the administrator who set them. */
  readonly setBy: string;
  readonly setAt: number;
  /** When the application refused them; null: it has not. */
  readonly refusedAt: number | null;
}

export interface CredentialStore {
  /** Null where none are stored. */
  find(application: string, owner: string | null): Promise<StoredCredentials | null>;
  put(application: string, credentials: StoredCredentials): Promise<void>;
  /** That the application has refused these; not if others have taken their place. */
  noteRefusal(application: string, credentials: StoredCredentials): Promise<void>;
  /** False where there were none. */
  remove(application: string, owner: string | null): Promise<boolean>;
}
