"""The wire to a sleeve: frames over a serial port or a PTY, and the REPL of an idle board.

Only this package knows pyserial and mpremote.
"""
