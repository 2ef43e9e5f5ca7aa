"""Answers of setools, for comparison: a policy's rules by type, or a proof in one pass.

Reads one request as JSON from standard input and writes one answer as JSON.
"""

import json
import resource
import sys
import time

import setools


class RulesOfClass:
    """The policy as a query sees it, with the rules of one class alone: the same answer, sooner."""

    def __init__(self, policy, rules):
        self._policy = policy
        self._rules = rules

    def __getattr__(self, name):
        return getattr(self._policy, name)

    def terules(self):
        return iter(self._rules)


def written(rule):
    branch = None
    try:
        branch = rule.conditional_block
    except AttributeError:
        pass
    permissions = sorted(str(permission) for permission in rule.perms)
    return [str(rule.source), str(rule.target), permissions, branch]


def queries(path, asked):
    policy = setools.SELinuxPolicy(path)
    by_class = {}
    for rule in policy.terules():
        if rule.ruletype == setools.TERuletype.allow:
            by_class.setdefault(str(rule.tclass), []).append(rule)
    answers = []
    for source, target, tclass in asked:
        query = setools.TERuleQuery(
            RulesOfClass(policy, by_class.get(tclass, [])),
            ruletype=["allow"],
            source=source,
            source_indirect=True,
            target=target,
            target_indirect=True,
            tclass=[tclass],
        )
        answers.append([written(rule) for rule in query.results()])
    return answers


def scan(path, suffixes):
    """Which allow rules lead from one tenant to another, each attribute expanded once."""
    began = time.perf_counter()
    policy = setools.SELinuxPolicy(path)
    ends = tuple(sorted(suffixes, key=len, reverse=True))

    def tenant(name):
        if not name.startswith("tenant"):
            return None
        for end in ends:
            if name.endswith(end):
                return name[: -len(end)]
        return None

    known = {}

    def tenants(of):
        name = str(of)
        if name not in known:
            known[name] = {tenant(str(member)) for member in of.expand()} - {None}
        return known[name]

    rules = 0
    crossing = 0
    for rule in policy.terules():
        if rule.ruletype != setools.TERuletype.allow:
            continue
        rules += 1
        sources = tenants(rule.source)
        if not sources:
            continue
        targets = tenants(rule.target)
        if targets and (len(sources) > 1 or len(targets) > 1 or sources != targets):
            crossing += 1
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"rules": rules, "crossing": crossing, "seconds": seconds, "peakKiB": peak}


request = json.load(sys.stdin)
if request["what"] == "queries":
    json.dump(queries(request["policy"], request["queries"]), sys.stdout)
else:
    json.dump(scan(request["policy"], request["suffixes"]), sys.stdout)
