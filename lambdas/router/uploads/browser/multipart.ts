/// <reference lib="dom" />
// A form's data as browsers send it (HTML, "multipart/form-data encoding algorithm"), without reading the files: the blob refers to them.

/** `boundary`: what stands in none of the values. */
export const multipart = (data: FormData, boundary: string): Blob => {
  const parts: BlobPart[] = [];
  for (const [name, value] of data) {
    const field = `--${boundary}\r\nContent-Disposition: form-data; name="${escaped(withLineBreaks(name))}"`;
    if (typeof value === 'string') parts.push(`${field}\r\n\r\n${withLineBreaks(value)}\r\n`);
    else {
      const type = value.type === '' ? 'application/octet-stream' : value.type;
      parts.push(`${field}; filename="${escaped(value.name)}"\r\nContent-Type: ${type}\r\n\r\n`, value, '\r\n');
    }
  }
  return new Blob([...parts, `--${boundary}--\r\n`], { type: `multipart/form-data; boundary=${boundary}` });
};

/** 122 random bits. In lower case, as a blob's type is. */
export const newBoundary = (): string => `----sallyport-form-boundary-${crypto.randomUUID().replaceAll('-', '')}`;

const withLineBreaks = (text: string): string => text.replace(/\r\n|\r|\n/g, '\r\n');

const escaped = (name: string): string => name.replaceAll('\r', '%0D').replaceAll('\n', '%0A').replaceAll('"', '%22');
