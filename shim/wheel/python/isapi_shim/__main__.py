"""The command ``isapi-shim``, in the Python and the environment that it is installed in."""

import signal
import sys

from isapi_shim import _native


def main() -> None:
    """Runs the command, and ends the process with its exit code."""
    arguments = sys.argv[1:]
    # What the program that has its own Python inside does at its start: nothing of this process's
    # own start is left for scripts to see.
    if not getattr(sys.flags, "safe_path", False):
        del sys.path[0]
    sys.argv = [""]
    sys.dont_write_bytecode = True
    # Ctrl-C ends the process though a script runs.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    sys.exit(_native.main([sys.executable, "-m", "isapi_shim"], arguments))


if __name__ == "__main__":
    main()
