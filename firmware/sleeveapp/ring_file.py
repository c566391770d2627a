"""One session's file in a ring of files, and the small one beside it that says what became of its blocks."""

from kneecore.ring_header import BLOCK

_COPY = 512


class RingFile:
    """Blocks of a session in a file; id rises from file to file, place is that of its first block in the ring.

    blocks: how many were begun. gone: how many of them, from the start, are erased. status: by index of a block, its
    status byte where it is not the one in the file.
    """

    def __init__(self, folder, number, place):
        self.id, self.place = number, place
        self._base = "{}/{:08d}-{:05d}".format(folder, number, place)
        self.path = self._base + ".blk"
        self.blocks = self.gone = 0
        self.status = {}

    def index(self, block, count):
        """Which of the file's blocks stands at this place of a ring of `count`."""
        return (block - self.place) % count

    def overlaps(self, other, count):
        """True if a place is in both: this one was being copied into the other."""
        return other.gone <= other.index(self.place + self.gone, count) < other.blocks

    def forget_block(self):
        """The first block that is there goes."""
        self.status.pop(self.gone, None)
        self.gone += 1

    def load(self, fs):
        """Take what the two files say."""
        with fs.open(self.path, "rb") as f:
            self.blocks = (f.seek(0, 2) + BLOCK - 1) // BLOCK
        try:
            with fs.open(self._base + ".sta", "rb") as f:
                said = f.read()
        except OSError:
            return
        if said:  # empty: a cut came while it was made
            self.gone = said[0] | said[1] << 8
            for i in range(2, len(said), 3):
                self.status[said[i] | said[i + 1] << 8] = said[i + 2]

    def save(self, fs):
        """Write the small file; after a cut it is the new one or the old one."""
        said = bytearray((self.gone & 255, self.gone >> 8))
        for index, status in sorted(self.status.items()):
            said.extend(bytes((index & 255, index >> 8, status)))
        with fs.open(self._base + ".sta", "wb") as f:
            f.write(said)

    def remove(self, fs):
        """Both files go, the one with the blocks first: what is left without it is removed at the next start."""
        fs.remove(self.path)
        try:
            fs.remove(self._base + ".sta")
        except OSError:
            pass  # it had none

    def copy(self, fs, source):
        """Fill the file with the blocks of another that are still there; it has its name when all of them are in it."""
        buf = bytearray(_COPY)
        left = self.blocks * BLOCK
        try:
            with fs.open(source.path, "rb") as f, fs.open(self._base + ".new", "wb") as out:
                f.seek(source.gone * BLOCK)
                while left > 0:
                    n = f.readinto(buf)
                    if not n:
                        break
                    out.write(buf if n == _COPY else buf[:n])
                    left -= n
            self.save(fs)
        except OSError:
            for suffix in (".new", ".sta"):
                try:
                    fs.remove(self._base + suffix)
                except OSError:
                    pass
            raise
        fs.rename(self._base + ".new", self.path)
