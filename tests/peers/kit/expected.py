"""What is expected of each test of a suite, and what came out."""

import dataclasses

STATES = ("pass", "differs", "skip")


@dataclasses.dataclass
class Entry:
    state: str
    reason: str


class Expected:
    """A list with a line for each test: `pass NAME`, or `differs NAME # reason`.

    pass: a failure ends the run with 1. differs: it runs, and is not met for that reason; when it
    is met, the list must say so. skip: it asks the other server's insides, and does not run. A
    name that ends in `*` stands for all that begin so.
    """

    def __init__(self, path, draft=False):
        self.path = path
        self.entries = {}
        if not path.exists():
            return
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if not line.strip() or line.startswith("#"):
                continue
            head, _, reason = line.partition(" # ")
            state, _, name = head.strip().partition(" ")
            name = name.strip()
            if state not in STATES or not name or (state != "pass" and not reason.strip()):
                raise ValueError(f"{path.name}:{number}: not STATE NAME # reason: {line}")
            if reason.startswith("?") and not draft:
                raise ValueError(f"{path.name}:{number}: {name} wants its reason")
            if name in self.entries:
                raise ValueError(f"{path.name}:{number}: {name} is there twice")
            self.entries[name] = Entry(state, reason.strip())

    def of(self, name):
        """The entry of a test, or None."""
        entry = self.entries.get(name)
        if entry:
            return entry
        for pattern, entry in self.entries.items():
            if pattern.endswith("*") and name.startswith(pattern[:-1]):
                return entry
        return None

    def skipped(self):
        return [name for name, entry in self.entries.items() if entry.state == "skip"]

    def compare(self, results):
        """What is wrong, as lines; and how many tests are in which state."""
        wrong = []
        counts = dict.fromkeys(STATES, 0)
        for name, (outcome, text) in sorted(results.items()):
            entry = self.of(name)
            if entry is None:
                wrong.append(f"{name} is not in the list; it {outcome}: {text}")
                continue
            counts[entry.state] += 1
            if entry.state == "pass" and outcome != "passed":
                wrong.append(f"{name} should pass, and {outcome}: {text}")
            if entry.state == "differs" and outcome == "passed":
                wrong.append(f"{name} passes now; the list says that it differs")
        for name, entry in self.entries.items():
            if name not in results and not name.endswith("*"):
                wrong.append(f"{name} is in the list, and no such test ran")
        return wrong, counts

    def accept(self, results):
        """Writes the list anew: reasons are kept, and new ones must be written by hand."""
        lines = []
        if self.path.exists():
            for line in self.path.read_text(encoding="utf-8").splitlines():
                if line.startswith("#") or line.partition(" # ")[0].strip().endswith("*"):
                    lines.append(line)
        for name, (outcome, text) in sorted(results.items()):
            entry = self.of(name)
            if entry and entry.state == "skip":
                if name in self.entries:
                    lines.append(f"skip {name} # {entry.reason}")
            elif outcome == "passed":
                lines.append(f"pass {name}")
            else:
                reason = entry.reason if entry and entry.reason else f"? {text}"
                lines.append(f"differs {name} # {reason}")
        self.path.write_text("\n".join(lines) + "\n", encoding="utf-8")
