<?php
// Checks a Sallyport assertion in PHP, with nothing but its OpenSSL. With Composer, firebase/php-jwt does the same.
declare(strict_types=1);

final class Refused extends RuntimeException {}

/** The claims. Throws Refused when the token is not for this application, not signed by the portal's keys, or not of now. */
function verify(string $token): array
{
    $parts = explode('.', $token);
    if (count($parts) !== 3) throw new Refused('not a token');
    [$header, $claims] = [decodeJson($parts[0]), decodeJson($parts[1])];
    if (($header['alg'] ?? null) !== 'ES256') throw new Refused('another algorithm');
    $key = keyNamed((string) ($header['kid'] ?? ''));
    $signature = decodeBase64($parts[2]);
    if (strlen($signature) !== 64) throw new Refused('not a signature');
    // OpenSSL wants the two numbers as ASN.1.
    $der = sequence(integer(substr($signature, 0, 32)) . integer(substr($signature, 32)));
    if (openssl_verify("$parts[0].$parts[1]", $der, $key, OPENSSL_ALGO_SHA256) !== 1) throw new Refused('another signature');

    $leeway = 30;
    if (($claims['iss'] ?? null) !== getenv('ISSUER')) throw new Refused('another issuer');
    if (!in_array(getenv('AUDIENCE'), (array) ($claims['aud'] ?? []), true)) throw new Refused('for another application');
    if (!is_int($claims['exp'] ?? null) || $claims['exp'] + $leeway <= time()) throw new Refused('expired');
    if (!is_int($claims['nbf'] ?? null) || $claims['nbf'] - $leeway > time()) throw new Refused('not yet good');
    if (!is_string($claims['sub'] ?? null)) throw new Refused('nobody');
    return $claims;
}

/** Fetched once for each process, and again when a new one signs; where processes are short, keep it in APCu for an hour. */
function keyNamed(string $kid): OpenSSLAsymmetricKey
{
    static $keys = [];
    if (!isset($keys[$kid])) {
        $set = json_decode((string) file_get_contents((string) getenv('KEYS_URL')), true, 8, JSON_THROW_ON_ERROR);
        $keys = [];
        foreach ($set['keys'] as $key) $keys[$key['kid']] = publicKey($key['x'], $key['y']);
    }
    return $keys[$kid] ?? throw new Refused('a key that is not the portal’s');
}

/** SubjectPublicKeyInfo of a P-256 point (RFC 5480). */
function publicKey(string $x, string $y): OpenSSLAsymmetricKey
{
    $der = hex2bin('3059301306072a8648ce3d020106082a8648ce3d030107034200') . "\x04" . decodeBase64($x) . decodeBase64($y);
    return openssl_pkey_get_public("-----BEGIN PUBLIC KEY-----\n" . chunk_split(base64_encode($der), 64) . "-----END PUBLIC KEY-----\n");
}

function integer(string $bytes): string
{
    $bytes = ltrim($bytes, "\0");
    if ($bytes === '' || ord($bytes[0]) > 0x7f) $bytes = "\0$bytes";
    return "\x02" . chr(strlen($bytes)) . $bytes;
}

function sequence(string $content): string
{
    return "\x30" . chr(strlen($content)) . $content;
}

function decodeBase64(string $text): string
{
    $bytes = base64_decode(strtr($text, '-_', '+/'), true);
    return $bytes === false ? throw new Refused('not a token') : $bytes;
}

function decodeJson(string $text): array
{
    $value = json_decode(decodeBase64($text), true, 8);
    return is_array($value) ? $value : throw new Refused('not a token');
}
