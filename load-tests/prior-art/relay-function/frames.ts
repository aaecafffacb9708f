// Several frames in one request. Neither JSON nor base64 has the separator in it.

const SEPARATOR = '\u001e';

export const joined = (frames: readonly string[]): string => frames.join(SEPARATOR);

export const separated = (body: string): string[] => body.split(SEPARATOR);
