/** Dialogs about what an operator does, loaded when one is opened first. */
export { EndFlagDialog, SetFlagDialog } from "./flag-dialogs.tsx";
export { OsdDialog } from "./osd.tsx";
export { RuleDialog } from "./rule.tsx";
