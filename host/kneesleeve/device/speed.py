"""The rate of the link: raised for a long transfer, and always a way back to the one that everybody begins with."""

from __future__ import annotations

import logging
import struct
import time

from kneecore import frames
from kneecore.frames import BASE_BAUD, QUIET_MS, RATES
from kneesleeve.errors import LinkError
from kneesleeve.link.serial_link import FrameLink, SilenceError

_SWITCH_S = 0.02  # the device waits for its last bits to leave, then sets its UART
_TRY_S = 0.25  # for a ping at a new rate
_BACK_S = QUIET_MS / 1000 + 1.0  # after so long a silent device is back at the base rate for certain

log = logging.getLogger("kneesleeve.link")


class Speed:
    """Raises and lowers the rate of a link whose device answered a ping.

    Never sends at a rate that the device did not confirm: rubbish that a UART makes of it may be a Ctrl-C.
    """

    def __init__(self, link: FrameLink) -> None:
        self._link = link
        self._rates = [rate for rate in sorted(RATES, reverse=True) if rate > BASE_BAUD]

    def up(self) -> None:
        """The highest rate that works; stays at the base rate if none does, or if the port has no rate.

        Raises LinkError when the device cannot be reached any more at all.
        """
        while self._rates and self._link.baud == BASE_BAUD:
            if not self._link.set_baud(self._rates[0]):  # looked at before the device is asked
                self._rates = self._rates[1:]
                continue
            self._link.set_baud(BASE_BAUD)
            if self._asked(self._rates[0]):
                if self._works():
                    log.info("raised to %d baud", self._link.baud)
                    return
                log.info("%d baud does not work here", self._rates[0])
                self._return()
                self._rates = self._rates[1:]

    def down(self) -> None:
        """Back to the base rate. A device that does not hear of it returns by itself after 3 s of silence."""
        if self._link.baud == BASE_BAUD:
            return
        try:
            self._link.ask(frames.SPEED, struct.pack("<I", BASE_BAUD), timeout_s=_TRY_S, retries=1)
        except SilenceError:
            log.info("the sleeve did not confirm %d baud", BASE_BAUD)
        self._link.set_baud(BASE_BAUD)
        time.sleep(_SWITCH_S)

    def fall(self) -> None:
        """This rate proved bad: the next lower one that works."""
        if self._link.baud != BASE_BAUD:
            log.info("too much is lost at %d baud", self._link.baud)
            self._rates = [rate for rate in self._rates if rate < self._link.baud]
            self._return()
            self.up()

    def _asked(self, rate: int) -> bool:
        """True if the device has confirmed the rate, and this side has it too. Otherwise the rates left are fewer."""
        try:
            answer = self._link.ask(frames.SPEED, struct.pack("<I", rate), timeout_s=1.0, retries=0)
        except SilenceError:  # request or answer lost: it may have switched, and will return
            self._rates = self._rates[1:]
            self._return()
            return False
        if answer.kind != frames.RATE or answer.payload != struct.pack("<I", rate):
            log.info("the sleeve has no rate to raise")
            self._rates = []
            return False
        time.sleep(_SWITCH_S)
        return self._link.set_baud(rate)

    def _works(self) -> bool:
        try:
            return self._link.ask(frames.PING, timeout_s=_TRY_S, retries=2).kind == frames.PONG
        except SilenceError:
            return False

    def _return(self) -> None:
        """Meet the device at the base rate, waiting until it is there."""
        self._link.set_baud(BASE_BAUD)
        try:
            self._link.ask(frames.PING, timeout_s=_TRY_S, retries=round(_BACK_S / _TRY_S))
        except SilenceError as error:
            raise LinkError(
                f"{self._link.port} is silent since its rate was changed.", hint="Unplug it, plug it in and try again."
            ) from error
