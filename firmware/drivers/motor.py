"""The vibration motor on a PWM pin, with a hard limit on how long it may stay on."""

from micropython import const

HARD_LIMIT_MS = const(500)  # no pulse is longer, whatever is asked
_FULL = const(65535)
_GRACE_MS = const(50)  # the timer is a second stop, for a loop that hangs


class Motor:
    """`pulse` starts it, `poll` stops it at its deadline; a one-shot timer stops it if `poll` does not come."""

    def __init__(self, pwm, clock, timer, one_shot=0):
        self._pwm = pwm
        self._clock = clock
        self._timer = timer
        self._one_shot = one_shot
        self._stop_cb = self._timer_stop  # bound once: binding allocates
        self._since = 0
        self._until = 0
        self.on = False  # until `poll` or `off`: the loop learns of the end even where the timer made it
        self._turning = False
        self.was_on_ms = 0
        self.off()

    def pulse(self, ms):
        """Switch on for ms milliseconds (limited to HARD_LIMIT_MS); a running pulse is replaced."""
        if ms <= 0:
            return
        if ms > HARD_LIMIT_MS:
            ms = HARD_LIMIT_MS
        self._since = self._clock.ticks_us()
        self._until = self._clock.ticks_add(self._since, ms * 1000)
        self._timer.init(mode=self._one_shot, period=ms + _GRACE_MS, callback=self._stop_cb)
        self.on = self._turning = True
        self._pwm.duty_u16(_FULL)

    def poll(self):
        """Stop at the deadline; True if this call stopped a pulse, whose length is then in `was_on_ms`."""
        if not self.on or self._clock.ticks_diff(self._until, self._clock.ticks_us()) > 0:
            return False
        self.off()
        return True

    def left_us(self):
        """Microseconds until the pulse must end; 0 when off or overdue."""
        if not self.on:
            return 0
        left = self._clock.ticks_diff(self._until, self._clock.ticks_us())
        return left if left > 0 else 0

    def off(self):
        """Off, at once."""
        self._pwm.duty_u16(0)
        self._stopped()
        self.on = False
        self._timer.deinit()

    def _stopped(self):
        """Keep the length of the pulse, once."""
        if self._turning:
            self.was_on_ms = self._clock.ticks_diff(self._clock.ticks_us(), self._since) // 1000
        self._turning = False

    def _timer_stop(self, _timer):
        self._pwm.duty_u16(0)
        self._stopped()
