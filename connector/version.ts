/** The connector's release: the package's version, kept equal by a test. */
export const VERSION = '0.1.0';
