/** A cluster with a real S3 gateway, and tenants whose volumes are buckets of it. */
import * as v from "valibot";
import { S3, type S3Request } from "../../agent/ceph/objects/s3.ts";
import { volumeFilterSchema, volumeSpecSchema } from "../../agent/ceph/volumes/answers.ts";
import { run } from "../../packaging/setup/lib/run.js";
import {
  type Bed,
  type CephBed,
  makeCephBed,
  makeProject,
  openBed,
  ready,
} from "./ceph-volumes-bed.ts";
import { fakeCall } from "./incus-fakes.ts";

export const officer = fakeCall("ceph.CreateVolume", "officer");

export interface Client {
  /** Asks as the volume's own user; the status and the name of a refusal, such as `403 AccessDenied`. */
  try(request: S3Request): Promise<string>;
  ask(request: S3Request): ReturnType<S3["ask"]>;
  accessKey: string;
  secretKey: string;
}

export interface ObjectBed extends Bed {
  ground: CephBed;
  endpoint: string;
  create(tenant: string, spec: Record<string, unknown>): Promise<void>;
  row(tenant: string, name: string): Promise<Record<string, unknown> | undefined>;
  strays(): Promise<string[]>;
  client(tenant: string, name: string): Promise<Client>;
  clientOf(accessKey: string, secretKey: string): Client;
  /** radosgw-admin as the cluster's administrator. */
  admin(...args: string[]): Promise<string>;
  end(): Promise<void>;
}

/** @param tenants whose data stays in the UK */
export async function makeObjectBed(tenants: readonly string[]): Promise<ObjectBed> {
  const ground = await makeCephBed({ gateways: 1 });
  const bed = openBed(ground.places, () => "UK");
  const [endpoint = ""] = ground.cluster.endpoints;
  const s3 = new S3(endpoint);
  for (const name of tenants) await makeProject(bed.incus, name);
  await ready(bed.ceph);
  const { handlers } = bed.volumes;
  const list = (tenant: string) =>
    handlers.Volumes(officer, v.parse(volumeFilterSchema, { tenant }));

  function clientOf(accessKey: string, secretKey: string): Client {
    const ask = (request: S3Request) => s3.ask({ accessKey, secretKey }, request);
    return {
      ...{ accessKey, secretKey, ask },
      async try(request) {
        const { status, text } = await ask(request);
        return [status, /<Code>(\w+)<\/Code>/.exec(text)?.[1] ?? ""].join(" ").trim();
      },
    };
  }

  return {
    ...{ ...bed, ground, endpoint, clientOf },
    async create(tenant, spec) {
      const declared = v.parse(volumeSpecSchema, { kind: "object", size: "16MiB", ...spec });
      await bed.jobs.done(await handlers.CreateVolume(officer, tenant, declared));
    },
    row: async (tenant, name) => (await list(tenant)).rows.find((row) => row.name === name),
    strays: async () => (await list("")).strays,
    async client(tenant, name) {
      const { keyring } = await handlers.VolumeAccess(officer, tenant, name);
      const [, accessKey = "", secretKey = ""] =
        /key_id = (\S+)\naws_secret_access_key = (\S+)/.exec(keyring) ?? [];
      return clientOf(accessKey, secretKey);
    },
    async admin(...args) {
      const { stdout } = await run("radosgw-admin", args, {
        ...{ env: ground.cluster.env, seconds: 60 },
      });
      return stdout;
    },
    async end() {
      s3.close();
      for (const name of tenants) {
        await bed.incus.send("DELETE", `/1.0/projects/${name}`).catch(() => undefined);
      }
      await bed.close();
      await ground.end();
    },
  };
}
