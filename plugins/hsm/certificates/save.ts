/** Certificates, chains and lists as files. */
import { hsm } from "../../../agent/hsm/contract.ts";
import type { CertificateFiles } from "../../../agent/hsm/pki/answers.ts";
import { client } from "../../lib/client.ts";
import { toPageError } from "../../lib/errors.ts";
import { _ } from "../../lib/i18n.ts";
import { saveText } from "../../lib/save.ts";
import { toast } from "../../lib/toasts.tsx";

const pemType = "application/x-pem-file";

/** The certificate with those above it, as servers and browsers want it. */
export function saveCertificate({ tenant, name, pem, chain, parallel }: CertificateFiles): void {
  saveText(`${tenant}-${name}.pem`, pem + chain, pemType);
  if (parallel) saveText(`${tenant}-${name}-ml-dsa.pem`, parallel.pem + parallel.chain, pemType);
}

export function saveIssued(tenant: string, serial: string): Promise<void> {
  return attempt(async () => saveCertificate(await client(hsm).Certificate(tenant, serial)));
}

export function saveChain(tenant: string): Promise<void> {
  return attempt(async () => {
    const { pem, cross } = await client(hsm).Chain(tenant);
    saveText(`${fileName(tenant)}-chain.pem`, pem + cross, pemType);
  });
}

export function saveRoot(tenant: string): Promise<void> {
  return attempt(async () => {
    const { root } = await client(hsm).Chain(tenant);
    saveText(`${fileName(tenant)}-root.pem`, root, pemType);
  });
}

export function saveList(tenant: string): Promise<void> {
  return attempt(async () => {
    const { pem, former } = await client(hsm).Crl(tenant);
    const lists = [pem, ...former.map((list) => list.pem)].join("");
    saveText(`${fileName(tenant)}-revoked.pem`, lists, pemType);
  });
}

const fileName = (tenant: string) => tenant.replace("=", "");

async function attempt(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    toast("danger", _("The file was not made"), toPageError(error).message);
  }
}
