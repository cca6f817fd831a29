from Http import *

raise SystemExit("while it is loaded")
