# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Python imports this in each process of a module that is measured; at its end it notes what the process took.

BENCH_TRACE names the folder for the notes. With BENCH_PROFILE a profile of all threads is left beside them.
"""

import atexit
import cProfile
import json
import os
import pstats
import resource
import sys
import threading
import time

_FOLDER = os.environ["BENCH_TRACE"]
_STARTED = time.perf_counter()
_PROFILES = []


def _profile_threads():
    """Processor time, since most of what a thread waits for is the other threads.

    Up to Python 3.11 a profile sees its own thread only; later ones see all, and there is one at a time.
    """
    run = threading.Thread.run

    def profiled(thread):
        profile = cProfile.Profile(time.thread_time)
        try:
            profile.enable()
        except ValueError:
            run(thread)
            return
        _PROFILES.append(profile)
        try:
            run(thread)
        finally:
            profile.disable()

    threading.Thread.run = profiled
    main = cProfile.Profile(time.thread_time)
    _PROFILES.append(main)
    main.enable()


def _note():
    name = os.path.join(_FOLDER, f"{time.time_ns()}-{os.getpid()}")
    program = os.path.basename(sys.argv[0]) if sys.argv and sys.argv[0] else "?"
    if _PROFILES:
        for profile in _PROFILES:
            profile.disable()
        pstats.Stats(*_PROFILES).dump_stats(f"{name}.pstats")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    with open(f"{name}.json", "w", encoding="utf-8") as out:
        json.dump({"program": program, "peak_memory": peak, "seconds": time.perf_counter() - _STARTED}, out)


if os.environ.get("BENCH_PROFILE"):
    _profile_threads()
atexit.register(_note)
