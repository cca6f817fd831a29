"""What the suites in tests/peers have in common."""
