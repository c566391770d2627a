"""The ring's blocks as files of littlefs: the device under kneecore's Ring where a board has no partition for sessions.

One file a session, only ever appended to, kept open while it is written: littlefs copies all that lies behind a byte
that changes, and opening a file in a run would allocate. A session's blocks go one by one, the file when the last is
gone; a small file beside it says how many are, and holds the status bytes that changed. littlefs commits a file's
content as a whole when it is flushed, so each of the calls is there or not there after a cut.
"""

from kneecore.records import copy_bytes
from kneecore.ring_header import BLOCK, STATUS_AT
from kneecore.ring_scan import kept

from .ring_file import RingFile

_PAGE = 256
_ENOENT = 2


def _missing():
    """The ring and the files do not agree: an error of the device."""
    raise OSError(_ENOENT)


class FileRing:
    """count, read, program and erase over a folder. fs: open, ilistdir, mkdir, remove, rename as in `os` and the builtins.

    `count` holds for a new folder; one that is there keeps its own, which decides where blocks are. The header of a
    session's block 0 opens a file, which allocates: program it at rest. Every program ends with a flush, for which
    littlefs may have to erase: some 100 ms on a board. OSError if the file system is full.
    """

    def __init__(self, fs, folder, count):
        self._fs, self._folder = fs, folder
        self._page = bytearray(_PAGE)
        whole = memoryview(self._page)
        self._views = [whole[:n] for n in range(0, _PAGE + 1, 4)]
        self._out = self._writing = None  # the open file and its RingFile
        self._in = self._reading = None
        self.count = self._keep_count(count)
        self._files = self._find()
        self._next_id = self._files[-1].id + 1 if self._files else 1

    # --- the device's calls

    def read(self, block, offset, buf):
        """Fill buf; what is in no file reads as erased."""
        f = self._of(block)
        index = f.index(block, self.count) if f else 0
        n = self._read(f, index * BLOCK + offset, buf) if f else 0
        for i in range(n, len(buf)):
            buf[i] = 0xFF
        status = f.status.get(index) if f else None
        if status is not None and offset <= STATUS_AT < offset + len(buf):
            buf[STATUS_AT - offset] = status

    def program(self, block, offset, buf, at, n):
        """Program n bytes of buf from at; allocates only for a session's block 0, a status and a destroyed header."""
        self._reading = None
        if offset == STATUS_AT:
            f = self._of(block) or _missing()
            f.status[f.index(block, self.count)] = buf[at]
            f.save(self._fs)
        elif offset == 0 and not buf[at]:
            self.erase(block)
        elif offset == 0:
            f = self._open_block(block, buf, at)
            index = f.index(block, self.count)
            self._append(index * BLOCK, buf, at, n)
            f.blocks = index + 1
        else:
            f = self._writing or _missing()
            self._append(f.index(block, self.count) * BLOCK + offset, buf, at, n)

    def erase(self, block):
        """The oldest block of a session goes; one that is in no file is erased already."""
        f = self._of(block)
        if f is None:
            return
        self._reading = None
        if f.index(block, self.count) != f.gone:
            _missing()  # sessions go from their start
        f.forget_block()
        if f.gone == f.blocks:
            self._drop(f)
            return
        f.save(self._fs)
        if f is self._files[-1] and f.blocks - f.gone == kept(self.count):
            self._shorten(f)

    # --- writing

    def _open_block(self, block, header, at):
        """Have the file of this block open, a new one for block number 0 of a session; returns its RingFile."""
        f = self._writing
        first = not (header[at + 12] | header[at + 13] | header[at + 14] | header[at + 15])
        if first and not (f and f.place == block and f.blocks <= 1):
            self._close()
            f = RingFile(self._folder, self._next_id, block)
            self._next_id += 1
            self._out = self._fs.open(f.path, "wb")
            self._files.append(f)
            self._writing = f
        if f is None or f.index(block, self.count) > f.blocks:
            return _missing()
        return f

    def _append(self, offset, buf, at, n):
        """Write at this byte of the open file, and flush."""
        out = self._out or _missing()
        self._fill(out, offset)
        out.seek(offset)
        while n > 0:
            piece = n if n < _PAGE else _PAGE
            copy_bytes(self._page, 0, buf, at, piece)
            out.write(self._views[piece // 4])
            at += piece
            n -= piece
        out.flush()

    def _fill(self, out, end):
        """What was not programmed reads as on a flash, 0xFF: a status, the rest of a block. littlefs would put 0 there."""
        left = end - out.seek(0, 2)
        for i in range(_PAGE):
            self._page[i] = 0xFF
        while left > 0:
            piece = left if left < _PAGE else _PAGE
            out.write(self._views[piece // 4])
            left -= piece

    def _close(self):
        if self._out:
            self._out.close()
        self._out = self._writing = None

    # --- files

    def _of(self, block):
        """The file that holds this block, or None."""
        for f in self._files:
            if f.gone <= f.index(block, self.count) < f.blocks:
                return f
        return None

    def _read(self, f, start, buf):
        file = self._in
        if file is None or self._reading is not f:
            if file:
                file.close()
            file = self._in = self._fs.open(f.path, "rb")
            self._reading = f
        file.seek(start)
        return file.readinto(buf)

    def _drop(self, f):
        if f is self._writing:
            self._close()
        if self._in:
            self._in.close()
            self._in = None
        self._files.remove(f)
        f.remove(self._fs)

    def _shorten(self, f):
        """Most of the newest session is erased and the rest stays in the ring: copy it, so that its room is free."""
        rest = RingFile(self._folder, self._next_id, (f.place + f.gone) % self.count)
        rest.blocks = f.blocks - f.gone
        rest.status = {index - f.gone: status for index, status in f.status.items()}
        if f is self._writing:
            self._close()
        try:
            rest.copy(self._fs, f)
        except OSError:
            return  # no room for both: the long file stays
        self._next_id += 1
        self._files.append(rest)
        self._drop(f)

    # --- at the start

    def _keep_count(self, count):
        path = self._folder + "/count"
        try:
            with self._fs.open(path, "rb") as f:
                stored = f.read()
            if stored:
                return int(stored)
        except OSError:
            try:
                self._fs.mkdir(self._folder)
            except OSError:
                pass  # it is there
        with self._fs.open(path, "wb") as f:
            f.write(str(count).encode())
        return count

    def _find(self):
        """The files in the order they were made; what a cut left half made or half removed goes."""
        names = [entry[0] for entry in self._fs.ilistdir(self._folder)]
        made = sorted([name for name in names if name.endswith(".blk")])
        for name in names:
            if name.endswith(".new") or (name.endswith(".sta") and name[:-3] + "blk" not in made):
                self._fs.remove(self._folder + "/" + name)
        files = []
        for name in reversed(made):
            f = RingFile(self._folder, int(name[:8]), int(name[9:14]))
            f.load(self._fs)
            if f.gone >= f.blocks or any([f.overlaps(newer, self.count) for newer in files]):
                f.remove(self._fs)
            else:
                files.insert(0, f)
        return files
