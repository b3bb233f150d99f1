#!/bin/sh
# distributed 2026.8.0: a worker under a nanny, which is how `dask worker` starts one, does not outlive a restart of
# its scheduler. The worker ends when the connection is lost and its nanny, whose work is to start it again, ends with it: the
# new scheduler at the same address has no workers. A script that starts workers once, as those of a cluster's queue
# do, is left without any after a scheduler was updated; whatever starts services (systemd, restart: always) has to
# start workers too. A nanny does start again a worker that was killed while the scheduler was there.
#
# Seen 2026-11-30: the process of a killed worker is replaced; after the restart of the scheduler the nanny has ended,
# and 20 s later the new one still lists no workers.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check distributed==2026.8.0
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import os
import signal
import socket
import subprocess
import sys
import time

from distributed import Client

with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
address = f"tcp://127.0.0.1:{port}"


def start(kind, *words):
    command = [sys.executable, "-m", f"distributed.cli.dask_{kind}", *words, "--no-dashboard"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def workers():
    with Client(address, timeout=20) as client:
        return {name: own["pid"] for name, own in client.run(lambda: {"pid": os.getpid()}).items()}


def within(seconds, condition):
    end = time.monotonic() + seconds
    while not (found := condition()) and time.monotonic() < end:
        time.sleep(0.5)
    return found


scheduler = start("scheduler", "--host", "127.0.0.1", "--port", str(port))
nanny = start("worker", address, "--nthreads", "1")
try:
    before = within(30, workers)
    assert len(before) == 1, before
    [pid] = before.values()
    os.kill(pid, signal.SIGKILL)
    assert within(30, lambda: workers() and pid not in workers().values())
    print("a killed worker is replaced by its nanny")
    scheduler.send_signal(signal.SIGTERM)
    scheduler.wait(30)
    ended = within(60, lambda: nanny.poll() is not None)
    print("nanny after its scheduler:", f"ended with {nanny.poll()}" if ended else "at work")
    scheduler = start("scheduler", "--host", "127.0.0.1", "--port", str(port))
    back = within(20, workers)
    print("workers of the new scheduler:", len(back))
    assert ended
    assert not back
finally:
    for process in (scheduler, nanny):
        process.kill()
        process.wait()
PYTHON
