"""How a cost grows: by the logarithms, and said in a word."""

import math

# A machine with other work on it doubts a tenth either way; over several decades this is flat.
FLAT = 1.5
# And this is in proportion.
PROPORTIONAL = 0.15
# What costs less than so many times the smallest is mostly the cost of any request.
HIDDEN = 8


def exponent(points):
    """The power of x by which y grows: least squares of the logarithms; none without two points."""
    logs = [(math.log(x), math.log(y)) for x, y in points if x > 0 and y > 0]
    if len(logs) < 2:
        return None
    mean_x = sum(x for x, _ in logs) / len(logs)
    mean_y = sum(y for _, y in logs) / len(logs)
    spread = sum((x - mean_x) ** 2 for x, _ in logs)
    if not spread:
        return None
    return sum((x - mean_x) * (y - mean_y) for x, y in logs) / spread


def flat(points, what="processor time per request"):
    """Says whether y stays the same while x grows."""
    power = exponent(points)
    if power is None:
        # One row, or nothing.
        return f"{what}: too little was measured to tell."
    reach = points[-1][0] / points[0][0]
    fitted = reach**power
    last = points[-1][1] / points[0][1]
    if fitted > FLAT or last > FLAT:
        word = "**not flat**"
    else:
        word = "flat" if min(fitted, last) >= 1 / FLAT else "not growing (it falls)"
    return (
        f"{what}: {word}. Exponent {power:+.3f}; the last row is {last:.2f} times the first "
        f"for {reach:,.0f} times the work.".replace(",", " ")
    )


def linear(points, what="processor time per request"):
    """Says whether what y has above the first point is in proportion to x. What a request costs
    at all, and being handed to a thread, hide the small ones; those do not count."""
    if not points:
        return f"{what}: nothing was measured."
    base = points[0][1]
    above = [(x, y - base) for x, y in points[1:] if y > HIDDEN * base]
    power = exponent(above)
    if power is None:
        return f"{what}: too little was measured to tell."
    if abs(power - 1) <= PROPORTIONAL:
        word = "linear"
    else:
        word = "less than linear" if power < 1 else "**not linear**"
    (x1, y1), (x2, y2) = above[0], above[-1]
    return (
        f"{what}: {word}. Exponent {power:.2f} above the cost of the first row; a byte of the "
        f"largest costs {(y2 / x2) / (y1 / x1):.2f} times one of {size(x1)}."
    )


def proportional(points, what):
    """Says whether y, in KiB, is in proportion to x, and how much of it one takes."""
    power = exponent(points)
    if power is None:
        return f"{what}: too little was measured to tell."
    word = "linear" if abs(power - 1) <= PROPORTIONAL else "**not linear**"
    count, kib = points[-1]
    return f"{what}: {word}. Exponent {power:.2f}; {kib / count:.1f} KiB each in the last row."


def bounded(points, most, what):
    """Says whether y, in KiB, stays below a bound whatever x is."""
    if not points:
        return f"{what}: nothing was measured."
    worst = max(y for _, y in points)
    word = "flat" if worst <= most else "**not flat**"
    return f"{what}: {word}, at most {worst / 1024:.1f} MiB."


def size(count):
    """Bytes, to read."""
    for unit, name in ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB")):
        if count >= unit:
            return f"{count / unit:.0f} {name}"
    return f"{count:.0f} B"
