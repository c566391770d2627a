"""The part of `esp32` a virtual sleeve has: the flash partition that sessions are recorded into."""

partitions = {}  # label: device, filled at the start; empty for a board without one


class Partition:
    """A flash partition, as the ESP32 port's. Only data partitions, found by label."""

    BOOT, RUNNING = 0, 1
    TYPE_APP, TYPE_DATA = 0, 1

    def __init__(self, id):
        if id not in partitions:
            raise OSError(2)
        self._label = id
        dev = partitions[id]
        self.readblocks, self.writeblocks, self.ioctl = dev.readblocks, dev.writeblocks, dev.ioctl

    @staticmethod
    def find(type=0, subtype=0xFF, label=None, encrypted=False, block_size=4096):
        if type != Partition.TYPE_DATA:
            return []
        return [Partition(name) for name in partitions if label in (None, name)]

    def info(self):
        return (1, 0x40, 0x280000, self.ioctl(4, 0) * 4096, self._label, False)
