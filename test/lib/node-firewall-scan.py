"""Prints every TCP port of a host that lets one in, of all that there are, as JSON.

A rule that drops answers nothing, so the end of waiting is by time: answers between namespaces of one
machine are there before the next call. Node needs a minute for as many sockets, which this does in seconds.
"""
import json
import select
import socket
import sys

AT_ONCE = 16_384
PATIENCE_SECONDS = 0.5


def scan(host, ports):
    poll = select.epoll()
    waiting = {}
    for port in ports:
        one = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        one.connect_ex((host, port))
        waiting[one.fileno()] = (one, port)
        poll.register(one.fileno(), select.EPOLLOUT)
    found = []
    while events := poll.poll(PATIENCE_SECONDS):
        for number, _ in events:
            one, port = waiting.pop(number)
            if one.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0:
                found.append(port)
            one.close()
    for one, _ in waiting.values():
        one.close()
    poll.close()
    return found


def main():
    host = sys.argv[1]
    found = []
    for start in range(1, 65_536, AT_ONCE):
        found += scan(host, range(start, min(start + AT_ONCE, 65_536)))
    print(json.dumps(sorted(found)))


main()
