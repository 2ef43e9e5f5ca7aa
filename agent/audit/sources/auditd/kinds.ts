/**
 * What the agent does with each type of the Linux audit system's records. All are counted by their
 * serial numbers; what is recorded is what tells who did what to the node's security.
 */

export interface Kind {
  /**
   * `record`: an event of its own; `failure`: the same, but only when it failed; `part`: tells more
   * about the event that it belongs to; `count`: not recorded, for the reason.
   */
  use: "record" | "failure" | "part" | "count";
  /** In an event of several records the one with the highest rank gives the event its name. */
  rank: number;
  /** Rare and important: has a budget that floods of others do not touch. */
  vital: boolean;
  /** Why it is used as it is. */
  why: string;
}

const kinds = new Map<string, Kind>();

function add(use: Kind["use"], rank: number, vital: boolean, why: string, names: string): void {
  for (const name of names.split(" ")) kinds.set(name, { use, rank, vital, why });
}

add(
  "record",
  5,
  true,
  "a person comes, goes or proves who they are",
  "USER_AUTH USER_LOGIN USER_LOGOUT USER_START USER_END USER_CHAUTHTOK GRP_AUTH CHGRP_ID CHUSER_ID USER_MGMT GRP_MGMT GRP_CHAUTHTOK ACCT_LOCK ACCT_UNLOCK USER_ROLE_CHANGE ROLE_ASSIGN ROLE_REMOVE ROLE_MODIFY",
);
add("record", 5, true, "somebody acts as somebody else", "USER_CMD");
add("record", 5, true, "accounts change", "ADD_USER DEL_USER ADD_GROUP DEL_GROUP");
add(
  "failure",
  5,
  true,
  "an account that may not come in; that one may is told by USER_START",
  "USER_ACCT CRED_ACQ CRED_REFR USER_ERR DAC_CHECK",
);
add("count", 0, false, "tells what USER_END tells", "CRED_DISP");
add("record", 6, true, "the kernel's own word about who logged in", "LOGIN");
add(
  "record",
  9,
  true,
  "the rules of mandatory access control change",
  "MAC_POLICY_LOAD MAC_STATUS MAC_CONFIG_CHANGE MAC_CHECK USER_MAC_POLICY_LOAD USER_MAC_CONFIG_CHANGE USER_MAC_STATUS LABEL_OVERRIDE LABEL_LEVEL_CHANGE FS_RELABEL MAC_UNLBL_ALLOW MAC_UNLBL_STCADD MAC_UNLBL_STCDEL MAC_MAP_ADD MAC_MAP_DEL MAC_CIPSOV4_ADD MAC_CIPSOV4_DEL MAC_CALIPSO_ADD MAC_CALIPSO_DEL APPARMOR_STATUS",
);
add(
  "record",
  8,
  false,
  "mandatory access control stepped in; a broken program makes thousands",
  "AVC USER_AVC SELINUX_ERR USER_SELINUX_ERR APPARMOR_DENIED APPARMOR_AUDIT APPARMOR_ERROR SECCOMP LANDLOCK_ACCESS",
);
add(
  "count",
  0,
  false,
  "what a profile that only complains let pass",
  "APPARMOR_ALLOWED APPARMOR_HINT",
);
add(
  "record",
  10,
  true,
  "the audit system itself is changed, which is how tracks are covered",
  "CONFIG_CHANGE FEATURE_CHANGE DAEMON_START DAEMON_END DAEMON_ABORT DAEMON_CONFIG DAEMON_ERR DAEMON_RESUME DAEMON_CLOSE DAEMON_ACCEPT USYS_CONFIG TEST TRUSTED_APP USER KERNEL",
);
add("count", 0, false, "auditd began a new file", "DAEMON_ROTATE");
add(
  "record",
  7,
  true,
  "the system starts, stops or is changed",
  "SYSTEM_BOOT SYSTEM_SHUTDOWN SYSTEM_RUNLEVEL SOFTWARE_UPDATE TIME_INJOFFSET KERN_MODULE DM_CTRL",
);
add(
  "record",
  5,
  false,
  "services start and stop, some of them each minute",
  "SERVICE_START SERVICE_STOP",
);
add(
  "record",
  7,
  false,
  "something that does not happen in sound operation",
  "ANOM_PROMISCUOUS ANOM_ABEND ANOM_LINK ANOM_CREAT ANOM_LOGIN_FAILURES ANOM_LOGIN_TIME ANOM_LOGIN_SESSIONS ANOM_LOGIN_ACCT ANOM_LOGIN_LOCATION ANOM_LOGIN_SERVICE ANOM_LOGIN_ROOT ANOM_ORIGIN_FAILURES ANOM_SESSION ANOM_MAX_DAC ANOM_MAX_MAC ANOM_AMTU_FAIL ANOM_RBAC_FAIL ANOM_RBAC_INTEGRITY_FAIL ANOM_CRYPTO_FAIL ANOM_ACCESS_FS ANOM_EXEC ANOM_MK_EXEC ANOM_ADD_ACCT ANOM_DEL_ACCT ANOM_MOD_ACCT ANOM_ROOT_TRANS ANOM_WRITE DM_EVENT",
);
add(
  "record",
  7,
  false,
  "an answer to an anomaly",
  "RESP_ANOMALY RESP_ALERT RESP_KILL_PROC RESP_TERM_ACCESS RESP_ACCT_REMOTE RESP_ACCT_LOCK_TIMED RESP_ACCT_UNLOCK_TIMED RESP_ACCT_LOCK RESP_TERM_LOCK RESP_SEBOOL RESP_EXEC RESP_SINGLE RESP_HALT RESP_ORIGIN_BLOCK RESP_ORIGIN_BLOCK_TIMED RESP_ORIGIN_UNBLOCK_TIMED",
);
add(
  "record",
  6,
  false,
  "what a machine or container was given, and its life",
  "VIRT_CONTROL VIRT_RESOURCE VIRT_MACHINE_ID VIRT_INTEGRITY_CHECK VIRT_CREATE VIRT_DESTROY VIRT_MIGRATE_IN VIRT_MIGRATE_OUT DEV_ALLOC DEV_DEALLOC USER_DEVICE",
);
add("record", 6, false, "the firewall changes; each container's start makes some", "NETFILTER_CFG");
add(
  "record",
  7,
  false,
  "a measured file is not what it must be",
  "INTEGRITY_DATA INTEGRITY_METADATA INTEGRITY_STATUS INTEGRITY_HASH IPE_ACCESS IPE_CONFIG_CHANGE IPE_POLICY_LOAD INTEGRITY_EVM_XATTR",
);
add(
  "failure",
  7,
  false,
  "measurements, of which only those that failed tell something",
  "INTEGRITY_RULE INTEGRITY_PCR INTEGRITY_POLICY_RULE",
);
add("record", 1, false, "a rule with a key asked for it", "SYSCALL URINGOP");
add(
  "part",
  0,
  false,
  "tells more about a system call",
  "CWD PATH IPC SOCKETCALL SOCKADDR EXECVE IPC_SET_PERM MQ_OPEN MQ_SENDRECV MQ_NOTIFY MQ_GETSETATTR FD_PAIR OBJ_PID BPRM_FCAPS CAPSET AVC_PATH MMAP PROCTITLE OPENAT2 CONTAINER_ID MAC_TASK_CONTEXTS MAC_OBJ_CONTEXTS LANDLOCK_DOMAIN EOE",
);
add(
  "count",
  0,
  false,
  "keys pressed, passwords among them, have no place in a log",
  "TTY USER_TTY",
);
add("count", 0, false, "systemd loads such a program for each unit that it starts", "BPF");
add("count", 0, false, "time daemons steer the clock all day", "TIME_ADJNTPVAL");
add("count", 0, false, "packets, of which there are too many", "NETFILTER_PKT FANOTIFY");
add(
  "count",
  0,
  false,
  "keys and sessions of single connections; USER_LOGIN tells whose",
  "CRYPTO_KEY_USER CRYPTO_SESSION CRYPTO_LOGIN CRYPTO_LOGOUT CRYPTO_IPSEC_SA CRYPTO_IKE_SA MAC_IPSEC_ADDSA MAC_IPSEC_DELSA MAC_IPSEC_ADDSPD MAC_IPSEC_DELSPD MAC_IPSEC_EVENT REPLACE",
);
add(
  "failure",
  6,
  false,
  "self-tests and parameters of cryptography",
  "CRYPTO_TEST_USER CRYPTO_PARAM_CHANGE_USER CRYPTO_FAILURE_USER",
);
add(
  "record",
  6,
  false,
  "what leaves with or without its label",
  "USER_LABELED_EXPORT USER_UNLABELED_EXPORT",
);

/** What is not known is not known to be harmless. */
const unknown: Kind = {
  use: "record",
  rank: 2,
  vital: false,
  why: "a type that is not known here",
};

export function kindOf(type: string): Kind {
  return kinds.get(type) ?? unknown;
}

export function knownTypes(): ReadonlyMap<string, Kind> {
  return kinds;
}

/**
 * Whether a record is an event alone: those of programs are, each with a serial number of its own,
 * and no end of event follows. What the kernel writes may have company.
 */
export function standsAlone(type: string): boolean {
  const known = alone.get(type);
  if (known !== undefined) return known;
  const answer = ofPrograms.test(type) || type === "SOFTWARE_UPDATE";
  if (alone.size < 1_000) alone.set(type, answer);
  return answer;
}

const alone = new Map<string, boolean>();
const ofPrograms =
  /^(USER|CRED|DAEMON|SERVICE|ADD|DEL|ANOM_LOGIN|RESP|VIRT|CRYPTO|ROLE|ACCT|GRP|SYSTEM)(_|$)/;

/** auditd counts its own records apart from the kernel's. */
export function isDaemon(type: string): boolean {
  return type.startsWith("DAEMON_");
}
