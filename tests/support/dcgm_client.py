# A client of DCGM by ctypes, written from its published interface: what another
# tool would see. It knows neither emit nor the test bed.
# SPDX-License-Identifier: Apache-2.0
import ctypes as c

NAME, UUID, POWER, ENERGY, INSTANT = 50, 54, 155, 156, 157
GPU, GPU_INSTANCE = 1, 4
LIVE = 1
ALL_GPUS = 0x7FFFFFFF
BLANK = 0x7FFFFFFFFFFFFFF0


class Connect(c.Structure):
    _fields_ = [("version", c.c_uint), ("persist", c.c_uint), ("timeout_ms", c.c_uint), ("unix", c.c_uint)]


class Entity(c.Structure):
    _fields_ = [("group", c.c_uint), ("id", c.c_uint)]


class Any(c.Union):
    _fields_ = [("i64", c.c_int64), ("dbl", c.c_double), ("str", c.c_char * 256), ("blob", c.c_char * 4096)]


class Value(c.Structure):
    _fields_ = [("version", c.c_uint), ("group", c.c_uint), ("id", c.c_uint), ("field", c.c_ushort),
                ("type", c.c_ushort), ("status", c.c_int), ("unused", c.c_uint), ("ts", c.c_int64), ("value", Any)]

    def plain(self):
        read = {"i": lambda: self.value.i64, "d": lambda: self.value.dbl, "s": lambda: self.value.str.decode()}
        return read[chr(self.type)]()


assert c.sizeof(Value) == 4128 and c.sizeof(Connect) == 16


class Dcgm:
    def __init__(self, path):
        self.library = c.CDLL(path)
        self.library.errorString.restype = c.c_char_p
        self.handle = c.c_size_t()
        self.started = self.library.dcgmInit()

    def connect(self, version=0x02000010):
        how = Connect(version, 0, 0, 0)
        return self.library.dcgmConnect_v2(b"localhost", c.byref(how), c.byref(self.handle))

    # Status, and the engine's numbers of its GPUs.
    def devices(self):
        ids, count = (c.c_uint * 32)(), c.c_int()
        status = self.library.dcgmGetAllSupportedDevices(self.handle, ids, c.byref(count))
        return status, list(ids[:count.value])

    # Status, and for each value in the order of the answer: group, id, field, status, time, value.
    def values(self, entities, fields, flags=LIVE):
        size = len(entities) * len(fields)
        got = (Value * size)()
        status = self.library.dcgmEntitiesGetLatestValues(
            self.handle, (Entity * len(entities))(*entities), len(entities),
            (c.c_ushort * len(fields))(*fields), len(fields), flags, got)
        return status, [] if status else [(v.group, v.id, v.field, v.status, v.ts, v.plain()) for v in got]

    def watch(self, fields, period_us=100000):
        group = c.c_size_t()
        status = self.library.dcgmFieldGroupCreate(self.handle, len(fields), (c.c_ushort * len(fields))(*fields),
                                                   b"energy", c.byref(group))
        return status or self.library.dcgmWatchFields(self.handle, c.c_size_t(ALL_GPUS), group,
                                                      c.c_longlong(period_us), c.c_double(60), 0)

    def update(self):
        return self.library.dcgmUpdateAllFields(self.handle, 1)
