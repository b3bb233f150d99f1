"""The thread that hands waiting jobs to the engine, and follows those that it runs.

There is one in each process that submits or looks at jobs while an engine is set, so that no page
waits for a network. What it knows stands in the folders of the jobs: a process that begins later
goes on where another stopped.
"""

from __future__ import annotations

import os
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from core import paths, store
from core.errors import NeurogalleryError, NotFoundError
from core.jobs import heartbeat
from core.jobs.cluster import versions
from core.jobs.cluster.engine import Engine, EngineError, Spec, are_returned, current, runs_here
from core.jobs.order import ActiveJob, in_order
from core.jobs.state import (
    OF_THE_END,
    QUEUED,
    RUNNING,
    State,
    after_loss,
    end,
    is_silent,
    read_state,
    settle,
    waiting_again,
    write_state,
)
from core.store import read_only

LOOK_EVERY_S, REFRESH_EVERY_S, IDLE_S = 0.25, 1.0, 60.0
# After an engine could not be reached.
TRY_AGAIN_S = 3.0
TRANSFERS = 4
# Of the server, for workers that do not set them; numbers of threads follow from the worker.
PASSED_ON = (
    "NEUROGALLERY_PLUGINS",
    "NEUROGALLERY_DATA_LINKS",
    "NEUROGALLERY_STORE_GIB",
    read_only.SWITCH,
    read_only.BUDGET,
)

Listing = Callable[[Path], list[ActiveJob]]
_keepers: dict[Path, Keeper] = {}
_lock = threading.Lock()


def wake(root: Path, listing: Listing) -> None:
    """Let the thread of a folder of jobs look at once; it is started where there is none.

    Parameters
    ----------
    root : Path
    listing : callable
        Gives the jobs of a folder that run and wait.

    Raises
    ------
    InputError
        If the environment names no engine that is here.
    """
    engine = current()
    with _lock:
        keeper = _keepers.get(root)
        if keeper is None or not keeper.is_at_work(engine):
            keeper = _keepers[root] = Keeper(root, engine, listing)
            keeper.thread.start()
        keeper.woken.set()


class Keeper:
    """Hands out the jobs of one folder to one engine."""

    def __init__(self, root: Path, engine: Engine, listing: Listing) -> None:
        self.root, self.engine, self._listing = root, engine, listing
        self.woken = threading.Event()
        self.thread = threading.Thread(target=self._work, daemon=True, name="cluster")
        self._returned = are_returned()
        self._refreshed, self._paused_until, self._trouble = 0.0, 0.0, ""
        self._known: dict[Path, State] = {}
        self._moving: set[str] = set()
        self._movers = ThreadPoolExecutor(TRANSFERS, thread_name_prefix="cluster")

    def is_at_work(self, engine: Engine) -> bool:
        is_same = self.engine is engine and self._returned == are_returned()
        return is_same and self.thread.is_alive()

    def _work(self) -> None:
        last = time.monotonic()
        while _keepers.get(self.root) is self and self.root.is_dir():
            active = self._active()
            if active is not None:
                self._release(active)
            if active:
                self._look(active)
                last = time.monotonic()
            elif time.monotonic() - last > IDLE_S:
                break
            self.woken.wait(LOOK_EVERY_S)
            self.woken.clear()
        self._movers.shutdown(wait=False)

    def _active(self) -> list[ActiveJob] | None:
        """The jobs of the engine that run or wait; None where the folder cannot be read now."""
        try:
            return [each for each in self._listing(self.root) if self._is_ours(each)]
        except NeurogalleryError:
            return None

    def _look(self, active: list[ActiveJob]) -> None:
        """Follow what runs, and hand out what waits; say why where that is not possible."""
        try:
            trouble = self._refresh()
            running = {e.folder: e.state for e in active if e.state.status == RUNNING}
            for folder, state in running.items():
                self._follow(folder, state, is_reached=not trouble)
            if not trouble:
                if self._returned:
                    self._exchange(running)
                self._hand_out(active)
        except Exception as error:  # of an engine: the next look may go well
            trouble = str(error) if isinstance(error, NeurogalleryError) else repr(error)
        if trouble:
            for each in active:
                self._say(each, trouble)

    def _is_ours(self, each: ActiveJob) -> bool:
        if each.state.status == QUEUED:
            return not runs_here(each.folder.name.rsplit("-", 1)[0])
        return each.state.engine == self.engine.name

    def _refresh(self) -> str:
        """Look at the engine now and then. Gives why it cannot be reached, '' where it can."""
        pause = TRY_AGAIN_S if self._trouble else REFRESH_EVERY_S
        now = time.monotonic()
        if not self._refreshed or now - self._refreshed > pause:
            self._trouble = ""
            try:
                self.engine.refresh(str(self.root))
            except NeurogalleryError as error:
                self._trouble = str(error)
            self._refreshed = time.monotonic()
        return self._trouble

    def _release(self, active: list[ActiveJob]) -> None:
        """Let the engine forget the runs that are over."""
        running = {e.folder: e.state for e in active if e.state.status == RUNNING}
        for folder, state in list(self._known.items()):
            if folder not in running or running[folder].ticket != state.ticket:
                del self._known[folder]
                heartbeat.forget(folder, state.ticket)
                self.engine.release(state)
        self._known |= running

    def _follow(self, folder: Path, state: State, is_reached: bool) -> None:
        """Note a run that the engine has lost or refused, and of which no beat comes."""
        if state.ticket in self._moving:
            return
        silence = heartbeat.silence(folder, state.ticket)
        if state.pid and silence < heartbeat.MISSED_S:
            return
        outcome = self.engine.outcome(state) if is_reached else None
        # Whoever handed it out may have ended before it arrived.
        is_late = not (state.pid or self.engine.has_queue) and silence > heartbeat.SILENT_S
        if outcome is None and not (is_late or is_silent(folder, state)):
            return
        with suppress(NotFoundError), store.locked(self.root):
            now = read_state(folder)
            if (now.status, now.ticket, now.pid) != (RUNNING, state.ticket, state.pid):
                return
            if outcome:
                end(folder, now, "failed", outcome)
            else:
                write_state(folder, after_loss(folder, now))

    def _hand_out(self, active: list[ActiveJob]) -> None:
        """Hand the next jobs to the free places, in the order of the queue."""
        if time.monotonic() < self._paused_until:
            return
        running = [each.state for each in active if each.state.status == RUNNING]
        for each in in_order(active, time.time()):
            try:
                worker = self.engine.place(each.state.device, running)
            except NeurogalleryError as error:
                self._say(each, str(error))
                continue
            if worker is None:
                continue
            state = self._claimed(each, worker)
            if state is not None:
                running.append(state)
                self._known[each.folder] = state
                self._send(each.folder, state)

    def _claimed(self, each: ActiveJob, worker: str) -> State | None:
        """Write which worker gets a job; None where it does not wait any more."""
        with suppress(NotFoundError), store.locked(self.root):
            state = settle(each.folder)
            if state.status != QUEUED:
                return None
            handed = replace(
                state,
                status=RUNNING,
                error="",
                engine=self.engine.name,
                worker=worker,
                ticket=f"{each.folder.name}-{uuid.uuid4().hex[:12]}",
                # Of results that return this process is the one that speaks for the job.
                pid=os.getpid() if self._returned else 0,
                started=time.time(),
            )
            return write_state(each.folder, handed)
        return None

    def _send(self, folder: Path, state: State) -> None:
        if not self._returned:
            self._deliver(folder, state)
            return
        heartbeat.begin(folder, state.ticket)
        self._moving.add(state.ticket)
        self._movers.submit(self._deliver, folder, state)

    def _deliver(self, folder: Path, state: State) -> None:
        """Hand a job to its worker; it waits again where that fails."""
        spec = self._spec(folder, state)
        try:
            if self._returned:
                from core.jobs.cluster import returning

                with heartbeat.kept_up(folder, heartbeat.BEAT_S):
                    returning.send(self.engine, folder, state)
            where = self.engine.hand_out(spec, state.worker, state.device)
            self._change(folder, state.ticket, lambda now: replace(now, worker=where))
        except Exception as error:  # of an engine
            self._paused_until = time.monotonic() + TRY_AGAIN_S
            reason = str(error) if isinstance(error, NeurogalleryError) else repr(error)
            self._change(folder, state.ticket, lambda now: waiting_again(now, reason))
        finally:
            self._moving.discard(state.ticket)

    def _change(self, folder: Path, ticket: str, change: Callable[[State], State]) -> None:
        with suppress(NotFoundError), store.locked(self.root):
            now = read_state(folder)
            changed = change(now)
            if (now.status, now.ticket) == (RUNNING, ticket) and changed != now:
                write_state(folder, changed)

    def _spec(self, folder: Path, state: State) -> Spec:
        environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        if not self._returned:
            environment["NEUROGALLERY_DATA"] = str(paths.data_root())
        return {
            "root": str(self.root),
            "job": folder.name,
            "ticket": state.ticket,
            "worker": state.worker,
            "threads": next((w.threads for w in self.engine.workers() if w.id == state.worker), 1),
            "code": versions.code(),
            "environment": environment,
            "project": str(paths.PROJECT),
            "beat_s": heartbeat.BEAT_S,
            "returned": self._returned,
        }

    def _exchange(self, running: dict[Path, State]) -> None:
        """Fetch beats and progress of runs whose folder is on the worker, and what has ended."""
        from core.jobs.cluster import returning

        there = {worker.id for worker in self.engine.workers()}
        ready = {
            folder: state
            for folder, state in running.items()
            if state.worker in there and state.ticket not in self._moving
        }
        for folder, ended in returning.exchange(self.engine, ready):
            state = ready[folder]
            self._moving.add(state.ticket)
            self._movers.submit(self._bring, folder, state, ended)

    def _bring(self, folder: Path, state: State, ended: State) -> None:
        from core.jobs.cluster import returning

        try:
            with heartbeat.kept_up(folder, heartbeat.BEAT_S):
                returning.bring(self.engine, folder, state)
            self._note(folder, ended)
        except EngineError:  # a later look tries again, or its silence tells
            return
        except NeurogalleryError as error:
            self._note(folder, replace(ended, status="failed", error=str(error)))
        finally:
            self._moving.discard(state.ticket)
        with suppress(NeurogalleryError):
            self.engine.ask(state.worker, "discard", {"job": folder.name, "ticket": state.ticket})

    def _note(self, folder: Path, ended: State) -> None:
        """Write how a run ended that its worker tells of."""
        fields = {name: getattr(ended, name) for name in OF_THE_END}
        self._change(folder, ended.ticket, lambda now: replace(now, **fields))

    def _say(self, each: ActiveJob, reason: str) -> None:
        """Note why a job cannot begin."""
        if each.state.status != QUEUED or each.state.error == reason:
            return
        with suppress(NeurogalleryError), store.locked(self.root):
            now = read_state(each.folder)
            if now.status == QUEUED:
                write_state(each.folder, replace(now, error=reason))
