/**
 * Members of `details` of the sources' events that can tell about a person. What stands in them is
 * replaced where an export asks for pseudonyms, like actor, uid, loginuid and address.
 */
export const personalDetails: ReadonlySet<string> = new Set([
  ...["acct", "id", "idName", "hostname", "terminal", "tty", "ses", "old-auid", "old-ses"],
  ...["cwd", "cmd", "command", "exe", "paths", "path", "name", "peer", "text", "message", "user"],
  ...["session", "old", "new", "grp", "requestor"],
]);
