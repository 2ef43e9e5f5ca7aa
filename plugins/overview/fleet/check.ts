import { node } from "../../../agent/node/contract.ts";
import { client } from "../../lib/client.ts";
import { _, format, ngettext, number } from "../../lib/i18n.ts";
import type { Ask, Outcome } from "./work.ts";

export const check: Ask = async (send) => {
  const checks = await client(node, undefined, send).Check();
  const count = (verdict: Outcome["verdict"]) =>
    checks.filter((one) => one.verdict === verdict).length;
  const text = format(
    _("$0: $1 bad, $2 with a warning, $3 unknown"),
    ngettext("$0 check", "$0 checks", checks.length),
    ...(["bad", "warning", "unknown"] as const).map((verdict) => number(count(verdict))),
  );
  const worst = (["bad", "warning", "unknown"] as const).find((verdict) => count(verdict) > 0);
  return { verdict: worst ?? (checks.length > 0 ? "good" : "unknown"), text };
};
