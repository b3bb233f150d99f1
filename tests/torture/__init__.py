"""What `make torture` does to the program: kills, cuts, full disks, other people, damaged files.

Outside the normal suite. Each part can be run alone: ``python -m tests.torture --only kills``.
"""
