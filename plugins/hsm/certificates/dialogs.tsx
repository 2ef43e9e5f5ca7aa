/** Dialogs about certificates, loaded when one is opened first. */
export { RenewDialog, RevokeDialog } from "./change.tsx";
export { CreateAuthorityDialog } from "./create.tsx";
export { IssueDialog } from "./issue.tsx";
export { RollDialog } from "./roll.tsx";
