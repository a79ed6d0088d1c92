"""Cases that other systems get wrong, each through the public path: a lock's text is read and resolved for a target.

The number that a test's id begins with is that of the case. Two cases are tested beside what they are about: what a
wheel installs (27) in ``tests/store/test_wheel.py``, ``test_installation.py`` and ``test_environment.py``; a yanked
file (29), and a file without a hash as it is fetched (17), in ``tests/store/test_fetch.py``.
"""
