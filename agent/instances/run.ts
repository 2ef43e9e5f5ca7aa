/** Starting, stopping and deleting one instance. */
import { DsecosError } from "../bus/errors.ts";
import { apiPath, type IncusClient } from "../incus/client.ts";
import { run } from "../incus/operations.ts";
import { removeInstance } from "../tenants/removal.ts";

/** Time that an instance has for shutting down by itself, in seconds. */
const shutdownSeconds = 60;

type Action = "start" | "stop" | "restart" | "freeze" | "unfreeze";

async function act(
  client: IncusClient,
  tenant: string,
  name: string,
  action: Action,
  force = false,
): Promise<void> {
  const path = apiPath("instances", name, "state");
  const body = { action, force, timeout: shutdownSeconds };
  const wait = { timeoutMs: (shutdownSeconds + 60) * 1000 };
  await run(client, "PUT", path, body, { project: tenant, wait });
}

async function statusOf(client: IncusClient, tenant: string, name: string): Promise<string> {
  const path = apiPath("instances", name);
  const { status } = await client.get<{ status: string }>(path, { project: tenant });
  return status;
}

/** @throws Conflict when nobody could answer at its console. */
export async function requireRunning(client: IncusClient, tenant: string, name: string) {
  if ((await statusOf(client, tenant, name)) === "Running") return;
  throw new DsecosError("Conflict", `${name} does not run, so it has no console; start it first.`);
}

/** Starts it, thaws it when it is frozen; nothing to do when it runs. */
export async function startInstance(client: IncusClient, tenant: string, name: string) {
  const status = await statusOf(client, tenant, name);
  if (status === "Running") return;
  await act(client, tenant, name, status === "Frozen" ? "unfreeze" : "start");
}

/** @throws Timeout when it does not shut down by itself in time. */
export async function stopInstance(
  client: IncusClient,
  tenant: string,
  name: string,
  force: boolean,
): Promise<void> {
  const status = await statusOf(client, tenant, name);
  if (status === "Stopped") return;
  if (status === "Frozen" && !force) {
    throw new DsecosError("Conflict", `${name} is frozen and cannot shut down; stop it by force.`);
  }
  try {
    await act(client, tenant, name, "stop", force);
  } catch (error) {
    throw force ? error : explainShutdown(error, name);
  }
}

export async function restartInstance(client: IncusClient, tenant: string, name: string) {
  const status = await statusOf(client, tenant, name);
  if (status !== "Running") {
    const message = `${name} does not run, so it cannot be restarted; start it.`;
    throw new DsecosError("Conflict", message);
  }
  try {
    await act(client, tenant, name, "restart");
  } catch (error) {
    throw explainShutdown(error, name);
  }
}

/** Stops it the hard way and deletes it with its disks and snapshots; gone already is fine. */
export async function deleteInstance(client: IncusClient, tenant: string, name: string) {
  try {
    await removeInstance(client, tenant, name);
  } catch (error) {
    if (!(error instanceof DsecosError) || error.code !== "NotFound") throw error;
  }
}

function explainShutdown(error: unknown, name: string): unknown {
  if (!(error instanceof DsecosError)) return error;
  if (!/deadline exceeded|timed? ?out|shut ?down/i.test(error.message)) return error;
  return new DsecosError(
    "Timeout",
    `${name} did not shut down within ${shutdownSeconds} s; look at its log or stop it by force.`,
    { cause: error },
  );
}
