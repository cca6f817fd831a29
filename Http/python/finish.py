"""What Python does at its end, without ending it: run when the extension is unloaded.

``threading._shutdown`` waits for ever unless the thread that started Python calls it, and a host
unloads on whichever thread it likes.
"""

import atexit
import threading

# Thread pools (concurrent.futures) wake their workers by these.
for call in reversed(getattr(threading, "_threading_atexits", ())):
    call()
spared = {threading.main_thread(), threading.current_thread()}
for thread in threading.enumerate():
    if not thread.daemon and thread not in spared:
        thread.join()
atexit._run_exitfuncs()
