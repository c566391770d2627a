"""The file system under a ring of files: `os` and `open` as one object, so that tests can pass another."""

import os


class Files:
    """What FileRing asks for."""

    open = staticmethod(open)
    ilistdir = staticmethod(os.ilistdir)
    mkdir = staticmethod(os.mkdir)
    remove = staticmethod(os.remove)
    rename = staticmethod(os.rename)
