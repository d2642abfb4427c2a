#!/usr/bin/python3
"""Phases of a Python program, by ctypes:  emit run -- ./phases.py, or alone."""
# SPDX-License-Identifier: Apache-2.0
import contextlib
import ctypes
import time

emit = ctypes.CDLL("libemit.so.0")


class Error(ctypes.Structure):
    _fields_ = [("status", ctypes.c_int), ("sys_errno", ctypes.c_int), ("text", ctypes.c_char * 240)]


class Energy(ctypes.Structure):  # struct emit_window_energy
    _fields_ = [("devices", ctypes.c_void_p), ("size", ctypes.c_size_t), ("count", ctypes.c_size_t),
                ("lasted_ns", ctypes.c_int64), ("summed", ctypes.c_size_t), ("missing", ctypes.c_size_t),
                ("joules", ctypes.c_double), ("uncertainty_joules", ctypes.c_double)]


class Session:
    def __init__(self):
        self.handle, self.error = ctypes.c_void_p(), Error()
        if emit.emit_session_open(ctypes.byref(self.handle), None, ctypes.byref(self.error)):
            print(f"without energy: {self.error.text.decode()}")  # the work is done all the same
            self.handle = None

    @contextlib.contextmanager
    def window(self, name):
        energy = Energy()
        if self.handle:
            emit.emit_window_begin(self.handle, name.encode(), 0, ctypes.byref(self.error))
        try:
            yield energy  # filled when the window has ended
        finally:
            if self.handle:
                emit.emit_window_end(self.handle, name.encode(), 0, ctypes.byref(energy), ctypes.byref(self.error))

    def close(self):
        if self.handle and emit.emit_session_close(self.handle, ctypes.byref(self.error)):
            print(self.error.text.decode())


session = Session()
for step in ("prefill", "decode", "decode"):
    with session.window(step) as energy:
        time.sleep(0.2)  # stands for what a real program does
    if energy.summed:
        print(f"{step} {energy.joules:.6f} J +- {energy.uncertainty_joules:.6f} J")
    elif session.handle and not energy.lasted_ns:
        print(f"{step} goes on in another process")  # the run's report will tell
    else:
        print(f"{step}: nothing could be read")  # and that is not 0 J
session.close()
