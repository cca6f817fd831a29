"""The module that uses_module.py imports: a shopping cart. Not a script, it has no Request()."""


class Cart:
    def __init__(self):
        self.Lines = []

    def Add(self, Name, Price, Count=1):
        self.Lines.append((Name, Price, Count))

    def Total(self):
        return sum(Price * Count for Name, Price, Count in self.Lines)

    def AsText(self):
        Text = ""
        for Name, Price, Count in self.Lines:
            Text += "%2d x %-10s %8.2f\n" % (Count, Name, Price * Count)
        return Text + "     %-10s %8.2f\n" % ("Total", self.Total())
