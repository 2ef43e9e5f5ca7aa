import { selinux } from "../../../agent/selinux/contract.ts";
import { client } from "../../lib/client.ts";
import { _ } from "../../lib/i18n.ts";
import { follow } from "./follow.ts";
import type { Ask } from "./work.ts";

export const prove: Ask = async (send, followed) => {
  const api = client(selinux, undefined, send);
  const ended = await follow(await api.Prove(), send, followed);
  const { proof, current } = await api.Show();
  if (proof.state === "refuted") {
    return { verdict: "bad", text: _("The policy lets tenants reach each other.") };
  }
  if (proof.state !== "proved") {
    return { verdict: "unknown", text: proof.error || ended.error || _("Nothing was proved.") };
  }
  return current
    ? { verdict: "good", text: _("The loaded policy keeps tenants apart.") }
    : { verdict: "unknown", text: _("Proved, and another policy is loaded now.") };
};
