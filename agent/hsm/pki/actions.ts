/** Actions of the audit log that tell what was issued. Apart, so that who only looks for them loads nothing else. */

/** Of the agent's own, where a directory has what is not on record: it ended in between. */
export const foundAction = "hsm.FoundCertificate";
/** Every list that was signed, with its number. */
export const listAction = "hsm.RevocationList";

/** Actions in whose details these stand. */
export const recordActions = [
  ...["hsm.Issue", "hsm.IssueAgency", "hsm.Renew", "hsm.Revoke", "hsm.RevokeAuthority"],
  ...["hsm.CreateAuthority", "hsm.RollAuthority", foundAction, listAction],
];
