/** What the causes of denials mean, in words, with a colour and a picture. */
import BanIcon from "@patternfly/react-icons/dist/esm/icons/ban-icon";
import CheckIcon from "@patternfly/react-icons/dist/esm/icons/check-icon";
import CubesIcon from "@patternfly/react-icons/dist/esm/icons/cubes-icon";
import UnknownIcon from "@patternfly/react-icons/dist/esm/icons/outlined-question-circle-icon";
import PortIcon from "@patternfly/react-icons/dist/esm/icons/plug-icon";
import RuleIcon from "@patternfly/react-icons/dist/esm/icons/puzzle-piece-icon";
import AlarmIcon from "@patternfly/react-icons/dist/esm/icons/shield-alt-icon";
import LabelIcon from "@patternfly/react-icons/dist/esm/icons/tag-icon";
import BooleanIcon from "@patternfly/react-icons/dist/esm/icons/toggle-off-icon";
import type { ComponentType } from "react";
import type { DenialPage } from "../../../agent/selinux/denials/answers.ts";
import { _, format } from "../../lib/i18n.ts";
import type { TagColor } from "../../lib/tag.tsx";

export type Denial = DenialPage["rows"][number];
type Cause = NonNullable<Denial["explanation"]>["cause"];

interface CauseWords {
  name: string;
  color: TagColor;
  icon: ComponentType;
  /** What to do, whatever the single case is. */
  todo: string;
}

export function causeWords(cause: Cause): CauseWords {
  const words: Record<Cause, () => CauseWords> = {
    isolation: () => ({
      ...{ name: _("isolation at work"), color: "red", icon: AlarmIcon },
      todo: _(
        "It was refused on purpose, so nothing is offered here that would open it. Find out what that process is and who started it.",
      ),
    }),
    instance: () => ({
      ...{ name: _("other instance"), color: "purple", icon: CubesIcon },
      todo: _("If both instances should share it, give it the level s0; else leave it refused."),
    }),
    label: () => ({
      ...{ name: _("wrong label"), color: "orange", icon: LabelIcon },
      todo: _("Restore the label. No rule is needed for this, and none should be written."),
    }),
    boolean: () => ({
      ...{ name: _("switched off"), color: "blue", icon: BooleanIcon },
      todo: _("Set a boolean only if you want everything that it opens."),
    }),
    constraint: () => ({
      ...{ name: _("constraint"), color: "purple", icon: BanIcon },
      todo: _("Give one of the two another level, role or user; no rule can allow it."),
    }),
    port: () => ({
      ...{ name: _("port"), color: "teal", icon: PortIcon },
      todo: _("Let the program use a port of a type that it may use, or give the port that type."),
    }),
    rule: () => ({
      ...{ name: _("missing rule"), color: "orange", icon: RuleIcon },
      todo: _(
        "First ask whether the program needs this at all: most such refusals can stay as they are.",
      ),
    }),
    allowed: () => ({
      ...{ name: _("allowed now"), color: "grey", icon: CheckIcon },
      todo: _("There is nothing to do unless it is refused again."),
    }),
    unknown: () => ({
      ...{ name: _("not explained"), color: "grey", icon: UnknownIcon },
      todo: _("Look at it again when the policy is loaded under which it was refused."),
    }),
  };
  return words[cause]();
}

/** Without a policy nothing can be explained. */
export function causeOf({ explanation }: Denial): Cause {
  return explanation?.cause ?? "unknown";
}

/** Whose type it is: a slot that nobody has still belongs to somebody's files. */
function sideName(slot: number | undefined, tenant: string | undefined): string {
  if (slot === undefined) return _("host");
  return tenant ?? format(_("slot $0"), slot);
}

export function sides(denial: Denial): string {
  const { sourceSlot, targetSlot, sourceTenant, targetTenant } = denial;
  const same = sourceSlot !== undefined && sourceSlot === targetSlot;
  return format(
    _("$0 → $1"),
    sideName(sourceSlot, sourceTenant),
    same ? _("itself") : sideName(targetSlot, targetTenant),
  );
}

/** What else is known of one of the newest, in the order in which a person asks for it. */
export function factsOf({ details }: Denial): { key: string; name: string; value: string }[] {
  const names: [key: string, name: string][] = [
    ["program", _("Program")],
    ["process", _("Process")],
    ["command", _("Command line")],
    ["pid", _("Process number")],
    ["uid", _("User number")],
    ["loginuid", _("Login number")],
    ["syscall", _("System call")],
    ["message", _("Message")],
    ["device", _("Device")],
    ["inode", _("Inode")],
    ["address", _("Address")],
    ["capability", _("Capability")],
    ["ioctl", _("ioctl")],
    ["unknownSource", _("Label of the source as it was")],
    ["unknownTarget", _("Label of the target as it was")],
  ];
  return names.flatMap(([key, name]) => {
    const value = details[key];
    return value === undefined || value === "" ? [] : [{ key, name, value: String(value) }];
  });
}
