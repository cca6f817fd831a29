"""Tests of PEP 3333 over the wire, from its text alone; they know nothing of our code."""
