# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Python imports this in each process of a module that is profiled; at its end it leaves a profile of all threads.

BENCH_TRACE names the folder, where a note beside the profile names the program.
"""

import atexit
import cProfile
import json
import os
import pstats
import sys
import threading
import time

_FOLDER = os.environ["BENCH_TRACE"]
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
    for profile in _PROFILES:
        profile.disable()
    pstats.Stats(*_PROFILES).dump_stats(f"{name}.pstats")
    with open(f"{name}.json", "w", encoding="utf-8") as out:
        json.dump({"program": program}, out)


_profile_threads()
atexit.register(_note)
