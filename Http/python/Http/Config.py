"""The settings. Copy this file to ``Http/Config.py`` in your home folder to change them.

They are read once, after ``Http.Isapi`` was imported.
"""

from PyISAPIe import VersionFull

#: For Python code. True also makes "never" into "changed" where Reload is None.
Debug = False

#: Bytes collected before something is sent: 64 to 131072, or None to send every write at once.
BufferSize = 131072

#: Whether connections may stay open. True or False only.
KeepAlive = True

#: Sent where a script sets no header text of its own.
DefaultHeaders = ("Content-Type: text/html",)

#: Always sent, first.
StaticHeaders = ("X-Powered-By: PyISAPIe-" + VersionFull,)

#: Accepted for old sites, and without effect: isolation is by process (application pool).
InterpreterMap = None

#: When scripts are loaded again: "never", "changed" (the script, or a module of the site), or
#: "always". None leaves it to the host: never under IIS, "changed" under isapi-shim.
Reload = None

#: Who sees tracebacks on error pages: "local" clients only, "always", or "never". None leaves it
#: to the host: local under IIS and under isapi-shim.
ErrorDetails = None
