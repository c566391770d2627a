"""What the bridge must know of the console's text: raw or friendly REPL, and how a restart looks.

A board that restarts out of the raw REPL comes back in it without a banner. The interpreter always
comes back with a banner and the friendly prompt, so these are held back and the raw REPL is entered again.
"""

from __future__ import annotations

RAW_MARK = b"\x00vb-raw\x00"  # printed by board/vb_start.py when boot.py is done
RAW_PROMPT = b"raw REPL; CTRL-B to exit\r\n"
FRIENDLY_BANNERS = (b"Use Ctrl-D to exit, Ctrl-E for paste mode", b'Type "help()" for more information.')
FRIENDLY_PROMPT = b">>> "
SOFT_REBOOT = b"MPY: soft reboot\r\n"
ENTER_RAW = b"\x01"


class Console:
    """Follows the device's output. `raw` is true while the client's last prompt was the raw REPL's."""

    def __init__(self) -> None:
        self.raw = False
        self._awaited: list[tuple[bytes, bytes]] = []  # (text waited for, bytes for the device then)
        self._held = b""
        self._tail = b""

    @property
    def settling(self) -> bool:
        """True while a restart is on its way back to the raw REPL: the client's input has to wait."""
        return bool(self._awaited)

    def restart(self) -> None:
        """The interpreter is started anew; if the client was in the raw REPL, lead it back there."""
        self._held = self._tail = b""
        self._awaited = [(RAW_MARK, b""), (FRIENDLY_PROMPT, ENTER_RAW), (RAW_PROMPT, b"")] if self.raw else []

    def feed(self, data: bytes) -> tuple[bytes, bytes]:
        """Take output of the device; returns what the client sees of it and what to send to the device."""
        shown = answer = b""
        while self._awaited:
            text, reply = self._awaited[0]
            self._held += data
            data = b""
            at = self._held.find(text)
            if at < 0:
                return shown + self._release(text), answer
            if text == RAW_MARK:
                shown += self._held[:at]
            data = (RAW_PROMPT if text == RAW_PROMPT else b"") + self._held[at + len(text) :]
            self._held = b""
            self._awaited.pop(0)
            answer += reply
        self._follow(data)
        return shown + data, answer

    def _release(self, awaited: bytes) -> bytes:
        """Before the mark boot.py's own output is shown, but for what may be the mark's beginning."""
        if awaited != RAW_MARK:
            return b""
        keep = next((n for n in range(len(RAW_MARK) - 1, 0, -1) if self._held.endswith(RAW_MARK[:n])), 0)
        cut = len(self._held) - keep
        shown, self._held = self._held[:cut], self._held[cut:]
        return shown

    def _follow(self, data: bytes) -> None:
        text = self._tail + data
        raw_at, friendly_at = text.rfind(RAW_PROMPT), max(text.rfind(banner) for banner in FRIENDLY_BANNERS)
        if raw_at != friendly_at:  # at least one was found
            self.raw = raw_at > friendly_at
        self._tail = text[-64:]
