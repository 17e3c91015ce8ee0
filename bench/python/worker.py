"""The child process of one Python contender on one case: finds its fastest form, reports what that computes, then times on
demand. It speaks as worker.mjs does: JSON, one message a line, on the file descriptor that Node names in the environment.

    python worker.py MODULE OPTION STEP CASE THREADS SECONDS
"""

import importlib
import json
import math
import os
import socket
import sys
import time


def milliseconds_per_step(job, count):
    start = time.perf_counter()
    value = job.run(count)
    milliseconds = (time.perf_counter() - start) * 1000 / count
    if not math.isfinite(value):
        raise ArithmeticError("the value is no longer finite")
    return milliseconds


def trial(job):
    """Milliseconds of a step: of the second one, which compiles nothing, or the best of some repetitions where that is short."""
    job.run(1)
    milliseconds = milliseconds_per_step(job, 1)
    count = round(100 / milliseconds)
    return min([milliseconds, *(milliseconds_per_step(job, count) for _ in range(3))]) if count > 0 else milliseconds


def fastest(forms, seconds):
    """The name and job of the form that is fastest; a further one is begun only while there is time for one ten times slower."""
    start = time.perf_counter()
    best, failure = None, None
    for name, build in forms:
        if best is not None and time.perf_counter() - start + best[0] / 100 > seconds:
            break
        try:
            job = build()
            milliseconds = trial(job)
        except Exception as error:  # A form that an engine lacks must not hide its others.
            failure = error
            continue
        if best is None or milliseconds < best[0]:
            best = milliseconds, name, job
    if best is None:
        raise failure
    return best[1:]


def prepare(module_name, option, step, case, threads, seconds):
    module = importlib.import_module(module_name)
    versions = module.start(threads)
    form, job = fastest(module.forms(step, case, option), seconds)
    job.reset()
    value, gradient_norm = job.check()
    last = job.run(case["checkedUpdates"] + 1)
    values = {"value": value, "gradientNorm": gradient_norm, "valueAfterUpdates": last}
    return job, {"values": values, "versions": versions, "form": form}


def main(module_name, option, step, case, threads, seconds):
    channel = socket.socket(fileno=int(os.environ["NODE_CHANNEL_FD"])).makefile("rw", encoding="utf-8")

    def answer(work):
        try:
            message = work()
        except Exception as error:
            lines = str(error).strip().splitlines() or [""]
            message = {"failed": f"{type(error).__name__}: {lines[0]}"}
        channel.write(json.dumps(message) + "\n")
        channel.flush()

    job = None

    def begin():
        nonlocal job
        job, message = prepare(module_name, option, step, json.loads(case), int(threads), float(seconds))
        return message

    answer(begin)
    for line in channel:
        answer(lambda: {"milliseconds": milliseconds_per_step(job, json.loads(line)["count"])})


if __name__ == "__main__":
    main(*sys.argv[1:])
