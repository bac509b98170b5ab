<?php
// A receiver of callbacks, without a package. Started as
//   WEBHOOK_SECRET=whsec_… STORE=/var/lib/callbacks php -S 127.0.0.1:9000 receiver.php
// or behind any web server; STORE is a folder that is there, on a disk that stays.

const MAX_AGE = 5 * 60; // seconds, ahead too
const MAX_BODY = 8 << 20; // bytes; post_max_size of php.ini must not be less

/** Whether the bytes came from who has the secret, within five minutes. */
function verify(string $key, string $body): bool
{
    $id = $_SERVER['HTTP_WEBHOOK_ID'] ?? '';
    $at = $_SERVER['HTTP_WEBHOOK_TIMESTAMP'] ?? '';
    if ($id === '' || !ctype_digit($at) || abs(time() - (int) $at) > MAX_AGE) {
        return false;
    }
    $want = 'v1,' . base64_encode(hash_hmac('sha256', "$id.$at.$body", $key, true));
    foreach (explode(' ', $_SERVER['HTTP_WEBHOOK_SIGNATURE'] ?? '') as $got) { // while a secret is being changed there are two
        if (hash_equals($want, $got)) {
            return true;
        }
    }
    return false;
}

/** Reads what was verified: crawls and report downloads send forms, everything else JSON. */
function parse(string $body): mixed
{
    if ($_SERVER['CONTENT_TYPE'] === 'application/x-www-form-urlencoded') {
        return $_POST;
    }
    return json_decode($body, false, 512, JSON_THROW_ON_ERROR);
}

/**
 * Keeps a callback until it is worked on, elsewhere and later: once, in a file of its ref. Put a row into a table here, with
 * ref as its unique key, and it is once on any number of machines too.
 */
function store(string $ref, string $event, mixed $body): void
{
    $folder = getenv('STORE');
    if ($folder === false || !is_dir($folder)) {
        throw new RuntimeException('STORE is not a folder');
    }
    $name = "$folder/" . hash('sha256', $ref) . '.json';
    if (file_exists($name)) {
        return;
    }
    $text = json_encode(['ref' => $ref, 'event' => $event, 'body' => $body], JSON_THROW_ON_ERROR);
    $new = "$folder/new-" . bin2hex(random_bytes(16)); // it has its name once all of it is on the disk: what has failed before was not there
    $file = fopen($new, 'x');
    if ($file && fwrite($file, $text) === strlen($text) && fsync($file) && fclose($file) && rename($new, $name)) {
        return;
    }
    @unlink($new);
    throw new RuntimeException("$name cannot be written");
}

function answer(): int
{
    $key = base64_decode(preg_replace('/^whsec_/', '', (string) getenv('WEBHOOK_SECRET')), true);
    if ($key === false || strlen($key) < 24) {
        throw new RuntimeException('WEBHOOK_SECRET is not a signing secret'); // anybody could sign with an empty one
    }
    if ((int) ($_SERVER['CONTENT_LENGTH'] ?? 0) > MAX_BODY) {
        return 413;
    }
    $body = file_get_contents('php://input'); // as it came: $_POST written again is not what was signed
    if (!verify($key, $body)) {
        return 401;
    }
    if (($_SERVER['HTTP_X_CALLBACK_TEST'] ?? '') !== 'true') {
        store($_SERVER['HTTP_WEBHOOK_ID'], $_SERVER['HTTP_X_CALLBACK_EVENT'], parse($body));
    }
    return 204;
}

try {
    http_response_code(answer());
} catch (Throwable $e) {
    error_log((string) $e);
    http_response_code(500); // it comes again
}
