/** Why there is no way to another node, and what to do about each. */
import { _, format } from "../i18n.ts";

interface Trouble {
  text: string;
  commands: string[];
}

/** @param problem in Cockpit's words; empty where only the agent is missing. @param node name of a member */
export function troubleOf(problem: string, node: string): Trouble {
  const said = (text: string, ...commands: string[]): Trouble => ({
    text: format(text, node),
    commands,
  });
  switch (problem) {
    case "":
    case "not-found":
      return said(
        _("The DsecOS agent of $0 does not run. See why there:"),
        "systemctl status dsecos-agent.service",
      );
    case "no-host":
      return said(
        _(
          "$0 cannot be reached over SSH. See that it is up, and that this node knows its name and reaches its port 22:",
        ),
        `getent hosts ${node}`,
        `ssh ${node} true`,
      );
    case "unknown-host":
    case "unknown-hostkey":
      return said(
        _(
          "This node does not know the host key of $0. Read its fingerprint on its own console, compare it with what is offered here, and only then take it up:",
        ),
        "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub",
        `ssh-keyscan -t ed25519 ${node} | ssh-keygen -lf -`,
        `ssh-keyscan -t ed25519 ${node} >> /etc/ssh/ssh_known_hosts`,
      );
    case "invalid-hostkey":
      return said(
        _(
          "$0 shows another host key than it had. Somebody may stand in between: go on only when its key was compared on its own console and is the new one. Then take the old one out:",
        ),
        `ssh-keygen -f /etc/ssh/ssh_known_hosts -R ${node}`,
      );
    case "authentication-failed":
      return said(
        _(
          "$0 does not let you in. You need an account of the same name there, and your SSH key in it; a key in ~/.ssh with the password of your login is taken up by Cockpit:",
        ),
        `ssh-copy-id ${node}`,
      );
    case "no-cockpit":
      return said(
        _("$0 has no Cockpit, over which this page speaks to it. Install it there:"),
        "apt install cockpit-bridge",
      );
    case "access-denied":
      return said(
        _(
          "You are in no group of $0 that may speak to its agent. An administrator can add you there:",
        ),
        "usermod --append --groups dsecos-viewer NAME",
      );
    default:
      return said(_("The connection to $0 was lost. The page connects again by itself."));
  }
}
