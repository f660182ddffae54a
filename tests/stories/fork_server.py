"""Commands that begin at once, as forks of one process that has loaded everything already.

`python -I -S fork_server.py SOCKET WORDS...` has a command run with its own streams, folder and environment, and ends as
it ends. Whoever kills this one kills the command, as surely as if it were the same process.
"""

import os
import select
import signal
import socket
import sys

REFUSED = 254  # no status of any command


def ask(path, words):
    """Have a command run; return its exit status."""
    with socket.socket(socket.AF_UNIX) as server:
        server.connect(path)
        told = [os.getcwd(), os.environ.get("NETWRIGHT_STATE", ""), *words]
        socket.send_fds(server, ["\0".join(told).encode()], [0, 1, 2])
        return (server.recv(1) or bytes([REFUSED]))[0]


def serve(path):
    """Return the words of each command, in a fork of its own, until the standard input ends: then return nothing."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the guards
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen()
        print("ready", flush=True)
        while sys.stdin not in select.select([server, sys.stdin], [], [])[0]:
            client, _ = server.accept()
            if not os.fork():
                return guarded(client)
            client.close()
    return []


def guarded(client):
    """Return the words in a fork that is killed as soon as its client is; this process answers with its status."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    request, streams, _, _ = socket.recv_fds(client, 1 << 16, 3)
    command = os.fork()
    if not command:
        return take_over(request.decode().split("\0"), streams)
    for stream in streams:
        os.close(stream)
    ended = os.pidfd_open(command)
    if ended not in select.select([client, ended], [], [])[0]:
        os.kill(command, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(command, 0)[1])
    client.send(bytes([status % 256]), socket.MSG_NOSIGNAL | socket.MSG_DONTWAIT)
    os._exit(0)


def take_over(told, streams):
    """Stand where the client stands, with its streams; return its words."""
    for own, stream in enumerate(streams):
        os.dup2(stream, own)
        os.close(stream)
    folder, state, *words = told
    os.chdir(folder)
    if state:
        os.environ["NETWRIGHT_STATE"] = state
    return words


if __name__ == "__main__":
    sys.exit(ask(sys.argv[1], sys.argv[2:]))
