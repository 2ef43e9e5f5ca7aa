/*
 * How soon the members of a cluster take the leader of Incus's database for dead.
 *
 * Incus has no setting for it. Its cowsql asks libraft for 3 s without a leader (so 3 to 6 s pass, at
 * random, before one votes for another) and a heartbeat each 500 ms, at which writes are gone for up to
 * 7 s when a leader dies. libraft's own defaults, for members that reach each other within a tenth of
 * that, are 1 s and 100 ms (raft.h, raft_set_election_timeout and raft_set_heartbeat_timeout). This
 * library stands before libraft and asks for those whatever cowsql says.
 *
 * What Raft guarantees holds with any timing, with different ones at each member, too: a time that is
 * too short costs elections, never data.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct raft;

typedef void (*setter)(struct raft *, unsigned);

static void set(const char *name, struct raft *raft, unsigned ms)
{
	setter next;

	/* As POSIX has it, since C knows no way from an object's address to a function's. */
	*(void **)&next = dlsym(RTLD_NEXT, name);
	if (next == NULL) {
		fprintf(stderr, "dsecos-incus: libraft has no %s: Incus needs another dsecos-incus\n", name);
		abort();
	}
	next(raft, ms);
}

__attribute__((visibility("default"))) void raft_set_election_timeout(struct raft *raft, unsigned ms)
{
	(void)ms;
	set("raft_set_election_timeout", raft, 1000);
}

__attribute__((visibility("default"))) void raft_set_heartbeat_timeout(struct raft *raft, unsigned ms)
{
	(void)ms;
	set("raft_set_heartbeat_timeout", raft, 100);
}

/*
 * What the daemon starts, instances above all, is none of this library's business. The script that its
 * unit runs becomes the daemon, and passes it on.
 */
__attribute__((constructor)) static void stay_here(void)
{
	if (strcmp(program_invocation_short_name, "incusd") == 0)
		unsetenv("LD_PRELOAD");
}
