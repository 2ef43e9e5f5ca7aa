/** Names of cluster members as Incus takes them: a host name of at most 63 characters. */
export function isMemberName(name: string): boolean {
  return /^[A-Za-z0-9]([A-Za-z0-9.-]{0,61}[A-Za-z0-9])?$/.test(name);
}
