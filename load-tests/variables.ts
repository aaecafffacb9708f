// What the configuration and the steps of scenarios read: environment variables, so that nothing secret is an argument.

export interface LoadVariables {
  /** Without a final slash. */
  readonly LOAD_TARGET: string;
  readonly LOAD_COOKIE: string;
  readonly LOAD_USERNAME: string;
  readonly LOAD_PASSWORD: string;
  /** Empty: the deployment that SALLYPORT_CONTROL_ENDPOINT names. */
  readonly LOAD_READY_FILE: string;
  /** A shell's command that kills a connector. */
  readonly LOAD_KILL: string;
  /** The file that gets every single measurement. */
  readonly LOAD_SAMPLES: string;
}
