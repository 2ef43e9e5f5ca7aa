/**
 * Gives each of vitest's workers a stack of its own, so that files that run side by side do not meet. It
 * is loaded before every file, since what a file tells is read when it is loaded.
 */
const stacks: Record<string, string>[] = JSON.parse(process.env.DSECOS_TEST_STACKS ?? "[]");
const worker = Number(process.env.VITEST_POOL_ID) - 1;
Object.assign(process.env, stacks[worker % stacks.length]);

export {};
