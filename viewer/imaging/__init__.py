"""Pixels, geometry, windows and stacks: pure arithmetic, without files, network or framework."""
