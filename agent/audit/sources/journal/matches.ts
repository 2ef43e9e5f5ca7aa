/** Which entries of the journal the agent asks for. */

/** systemd's word about these units; not what they write themselves. */
const watchedUnits = [
  ...["dsecos-agent.service", "auditd.service", "audit-rules.service", "incus.service"],
  ...["ssh.service", "polkit.service", "apparmor.service", "systemd-journald.service"],
  ...["cockpit.service", "cockpit.socket", "nftables.service", "systemd-timesyncd.service"],
];

const units = ["ssh.service", "systemd-logind.service", "polkit.service", "incus.service"];

/** Programs whose processes belong to the session of a person, so that no unit tells them. */
const programs = [
  ...["sudo", "su", "sshd", "sshd-session", "login", "cockpit-session", "cockpit-ws"],
  ...["cockpit-tls", "passwd", "useradd", "userdel", "usermod", "groupadd", "groupdel"],
];

export const messageIds = {
  sessionOpened: "8d45620c1a4348dbb17410da57c60c66",
  sessionClosed: "3354939424b4456d9802ca8333ed424a",
  unitStarted: "39f53479d3a045ac8e11786248231fbf",
  unitStopped: "9d1aaa27d60140bd96365438aad20286",
  unitNotStarted: "be02cf6855d2428ba40df7e9d022f03d",
  unitFailed: "d9b373ed55a64feb8242e02dbe79a49c",
  processKilled: "98e322203f7a4ed290d09fe03c09fe15",
  outOfMemory: "fe6faa94e7774663a0da52717891d8ef",
  timeChanged: "c7a787079b354eaaa9e77b371893cd27",
  coreDumped: "fc2e22bc6ee647b6b90729ab34a250b1",
  journalStarted: "f77379a8490b408bbe5f6940505a777b",
  journalStopped: "d93fb3c9c24d451a97cea615ce59c00b",
  entriesMissed: "e9bf28e6e834481bb6f48f548ad13606",
} as const;

/** For journalctl: fields of equal name are alternatives, `+` stands between whole alternatives. */
export const matches: readonly string[] = [
  ...units.map((unit) => `_SYSTEMD_UNIT=${unit}`),
  "+",
  ...programs.map((name) => `SYSLOG_IDENTIFIER=${name}`),
  "+",
  "_PID=1",
  ...watchedUnits.map((unit) => `UNIT=${unit}`),
  "+",
  ...Object.values(messageIds)
    .slice(-5)
    .map((id) => `MESSAGE_ID=${id}`),
  "+",
  "_TRANSPORT=kernel",
];

export const outputFields: readonly string[] = [
  ...["MESSAGE", "MESSAGE_ID", "PRIORITY", "SYSLOG_IDENTIFIER", "UNIT", "_SYSTEMD_UNIT", "_EXE"],
  ...["_COMM", "_UID", "_PID", "_AUDIT_LOGINUID", "_SELINUX_CONTEXT", "_TRANSPORT", "SESSION_ID"],
  ...["USER_ID", "LEADER", "EXIT_CODE", "EXIT_STATUS", "UNIT_RESULT", "COREDUMP_COMM"],
  ...["COREDUMP_UID", "COREDUMP_SIGNAL_NAME", "_BOOT_ID", "N_DROPPED"],
];
