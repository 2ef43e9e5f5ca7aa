/** Which settings are secret: by their name, or because a cephx key stands in the value. */

const secretNames = /pass(wd|word|phrase)|secret|token|credential|private|(^|_)keys?$|access_key/;
/** Places of secrets are none. */
const places = /(_file|_path|_dir|keyring)$/;
const cephxKey = /\bAQ[A-Za-z0-9+/]{36,}={0,2}/;

export function isSecret(name: string, value: string): boolean {
  return (secretNames.test(name) && !places.test(name)) || cephxKey.test(value);
}
