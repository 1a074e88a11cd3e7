"""Start and stop durable work in this process. DBOS is imported here, late: it weighs 45 MB."""

import logging
import threading
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings

from custodes.core.errors import Temporary
from custodes.hub.clips import exports, masked
from custodes.hub.clips.signals import received
from custodes.hub.fleet.times import moment_of
from custodes.hub.process import conclude, confine, leak_work, limited, turns, variants

APPLICATION = "custodes"
VERSION = "process/2"
"""Grows when the steps of the workflow change; DBOS goes on only with workflows of its own version."""
KEPT_DAYS = 7
"""How long the steps of an ended workflow can be looked up, for whoever asks what went wrong."""
COLLECTED_AT_ONCE = 200
LOOKS_EVERY_S = 0.5
"""How often the queue of clips is looked at; those of rarer and of later work less often. An idle hub does little else:
five queues at this pace took 5 % of a core."""
UNDER_WAY = frozenset({"PENDING", "ENQUEUED", "DELAYED"})
log = logging.getLogger(__name__)
_lock = threading.Lock()
_running = False


def start() -> None:
    """Begin to process: what was left by a crash first, then each clip as it comes. Starting twice changes nothing."""
    global _running  # noqa: PLW0603  # DBOS itself is one per process
    with _lock:
        if _running:
            return
        from dbos import DBOS

        from custodes.hub.process import export_workflow, leak_workflow, masking_workflow, workflow  # noqa: F401  # known to DBOS

        limited.go_on()
        logging.getLogger("dbos").removeFilter(_unheard)
        _say_what_is_missing(confine.available())
        DBOS(
            config={
                "name": APPLICATION,
                "system_database_url": f"sqlite:///{settings.HUB.dbos_path}",
                "application_version": VERSION,
                "executor_id": "hub",
                "log_level": "WARNING",
                "sys_db_pool_size": 2,
                "max_executor_threads": settings.HUB.process.workers + 4,
                "notification_listener_polling_interval_sec": 1.0,
                "scheduler_polling_interval_sec": 3600.0,
            }
        )
        DBOS.launch()
        settings.HUB.dbos_path.chmod(0o600)
        workers = settings.HUB.process.workers
        DBOS.register_queue(workflow.QUEUE, worker_concurrency=workers, polling_interval_sec=LOOKS_EVERY_S)
        for queue in (leak_workflow.QUEUE, export_workflow.QUEUE):
            DBOS.register_queue(queue, worker_concurrency=1, polling_interval_sec=LOOKS_EVERY_S * 2)
        for aside in (workflow.ASIDE, leak_workflow.ASIDE):
            DBOS.register_queue(aside, worker_concurrency=1, polling_interval_sec=LOOKS_EVERY_S * 10)
        received.connect(_on_received, dispatch_uid="process")
        _running = True
    for clip_id in conclude.waiting_clips():
        enqueue(clip_id, anew=_has_ended(clip_id))
    for leak in leak_work.waiting_leaks():
        trace_leak(leak.pk, leak.run)
    for export_id in exports.waiting():
        make_export(export_id)
    for clip_id, tries in masked.waiting():
        mask_films(clip_id, tries)


def stop() -> None:
    """Stop taking work. A step under way is cut and done again at the next start."""
    global _running  # noqa: PLW0603
    with _lock:
        if not _running:
            return
        from dbos import DBOS

        received.disconnect(dispatch_uid="process")
        limited.stop_all()
        logging.getLogger("dbos").addFilter(_unheard)  # what is cut complains, and is done again at the next start
        DBOS.destroy(workflow_completion_timeout_sec=0)
        _running = False


def _unheard(_record: logging.LogRecord) -> bool:
    return False


def enqueue(clip_id: UUID, *, anew: bool = False) -> None:
    """Queue a clip for its turn; the workflow's id is the clip's, so that it runs once however often it is queued.

    `anew`: its workflow ended, and yet the clip waits (a full disk at the last step, a database put back from a
    backup): run it under an id of its own.
    """
    from dbos import DBOS, SetEnqueueOptions, SetWorkflowID

    from custodes.hub.process import workflow

    turn = turns.turn_of(clip_id)
    name = f"clip-{clip_id}-{uuid4()}" if anew else _workflow_id(clip_id)
    with SetWorkflowID(name), SetEnqueueOptions(priority=turn.priority):
        queue = workflow.ASIDE if turn.aside else workflow.QUEUE
        DBOS.enqueue_workflow(queue, workflow.process_clip, str(clip_id))


def trace_leak(leak_id: UUID, run: int) -> None:
    """Queue one run of a leak; queued twice it runs once. Raises Temporary while the hub does no work."""
    with _lock:
        if not _running:
            raise Temporary("the hub is not at work: the leak is traced after its next start.")
        from dbos import DBOS, SetEnqueueOptions, SetWorkflowID

        from custodes.hub.process import leak_workflow

        turn = turns.turn_of_leak(leak_id)
        queue = leak_workflow.ASIDE if turn.aside else leak_workflow.QUEUE
        with SetWorkflowID(f"leak-{leak_id}-{run}"), SetEnqueueOptions(priority=turn.priority):
            DBOS.enqueue_workflow(queue, leak_workflow.trace_leak, str(leak_id), run)


def make_export(export_id: UUID) -> None:
    """Queue an export; queued twice it is made once. Raises Temporary while the hub does no work."""
    with _lock:
        if not _running:
            raise Temporary("the hub is not at work: the copy is made after its next start.")
        from dbos import DBOS, SetWorkflowID

        from custodes.hub.process import export_workflow

        with SetWorkflowID(f"export-{export_id}"):
            DBOS.enqueue_workflow(export_workflow.QUEUE, export_workflow.make_export, str(export_id))


def mask_films(clip_id: UUID, tries: int) -> None:
    """Queue a clip's masked films; queued twice they are made once. Raises Temporary while the hub does no work."""
    with _lock:
        if not _running:
            raise Temporary("the hub is not at work: the masked film is made after its next start.")
        from dbos import DBOS, SetWorkflowID

        from custodes.hub.process import export_workflow, masking_workflow

        with SetWorkflowID(f"mask-{clip_id}-{tries}"):
            DBOS.enqueue_workflow(export_workflow.QUEUE, masking_workflow.mask_clip, str(clip_id))


def mark_waiting(*, now_ns: int) -> int:
    """Queue clips that were ready before films were marked, the newest first; return how many. Repeats are free."""
    with _lock:
        if not _running:
            return 0
        from dbos import DBOS, SetEnqueueOptions, SetWorkflowID

        from custodes.hub.process import workflow

        waiting = variants.unprepared()
        for clip_id in waiting:
            with SetWorkflowID(f"{_workflow_id(clip_id)}-mark"), SetEnqueueOptions(priority=turns.LAST):
                DBOS.enqueue_workflow(workflow.QUEUE, workflow.mark_clip, str(clip_id))
        return len(waiting)


def collect(*, now_ns: int) -> int:
    """Forget workflows that ended more than `KEPT_DAYS` ago; return how many. What they concluded stands elsewhere.

    A clip whose workflow is forgotten and that is queued again finds that it waits for nothing, and ends at once.
    """
    with _lock:
        if not _running:
            return 0
        from dbos import DBOS

        before = moment_of(now_ns) - timedelta(days=KEPT_DAYS)
        ended = DBOS.list_workflows(
            completed_before=before.isoformat(), limit=COLLECTED_AT_ONCE, load_input=False, load_output=False
        )
        ids = [one.workflow_id for one in ended if one.status not in UNDER_WAY]
        if ids:
            DBOS.delete_workflows(ids)
        return len(ids)


def _say_what_is_missing(kernel: confine.Confinement) -> None:
    """Warn once when this kernel cannot shut the process in that looks into films."""
    if kernel.landlock_abi < confine.TCP_FROM_ABI and not kernel.seccomp:
        log.warning(
            "this kernel offers neither seccomp nor Landlock %d (it has %d): films are probed in a process that is "
            "limited in memory and time, but could open files and connections of the hub's user",
            confine.TCP_FROM_ABI,
            kernel.landlock_abi,
        )
    elif not kernel.landlock_abi or not kernel.seccomp:
        missing = "seccomp" if kernel.landlock_abi else "Landlock"
        log.info("this kernel offers no %s: films are probed behind one wall instead of two", missing)


def _workflow_id(clip_id: UUID) -> str:
    return f"clip-{clip_id}"


def _has_ended(clip_id: UUID) -> bool:
    """Say whether a clip's workflow ended, or is of a version that nobody here goes on with."""
    from dbos import DBOS

    status = DBOS.get_workflow_status(_workflow_id(clip_id))
    return status is not None and (status.status not in UNDER_WAY or status.app_version not in {None, VERSION})


def _on_received(*, clip_id: UUID, **_: Any) -> None:
    try:
        enqueue(clip_id)
    except Exception:
        # The receipt is signed already; the next start queues the clip again.
        log.exception("clip %s could not be queued for processing", clip_id)
