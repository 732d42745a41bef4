"""Whether the machine stood still: a host that takes the processors away stops every process for seconds."""

import threading
import time

BEAT_S = 0.05


class Stillness:
    """The longest time in which this process did not run, although it was to."""

    def __init__(self):
        self.longest_s = 0
        threading.Thread(target=self._beat, daemon=True).start()

    def reset(self):
        self.longest_s = 0

    def _beat(self):
        before = time.monotonic()
        while True:
            time.sleep(BEAT_S)
            now = time.monotonic()
            self.longest_s = max(self.longest_s, now - before - BEAT_S)
            before = now
