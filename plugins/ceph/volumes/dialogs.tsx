/** Dialogs about volumes, loaded when one is opened first. */
export { AccessDialog } from "./access.tsx";
export { CreateVolumeDialog } from "./create.tsx";
export { DeleteDialog } from "./delete.tsx";
export { EraseDialog } from "./erase.tsx";
export { PassphraseDialog } from "./passphrase.tsx";
export { ResizeDialog } from "./resize.tsx";
export { RestoreDialog } from "./restore.tsx";
