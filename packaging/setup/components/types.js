// @ts-check

/**
 * What all components of one stack share.
 *
 * @typedef {object} StackContext
 * @property {"private" | "system"} mode private: all daemons its own, side by side with others;
 *   system: the machine's own bus, Incus and directories
 * @property {string} stateDirectory records, logs, sockets and, in private mode, all data
 * @property {string} distDirectory what build.js made
 * @property {string} busAddress
 * @property {string} incusDirectory
 * @property {Record<string, string>} environment for programs that are to use this stack
 */

/**
 * One part of a stack. `start` is called only when `isRunning` said no, and returns when the part
 * is ready; `stop` ends only what `start` of this or an earlier process started.
 *
 * @typedef {object} Component
 * @property {string} name
 * @property {() => Promise<boolean>} isRunning
 * @property {() => Promise<string | void>} start a sentence worth telling, or nothing
 * @property {() => Promise<boolean>} stop whether there was something to stop
 */

export {};
