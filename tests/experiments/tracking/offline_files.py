"""Reading what an offline run wrote."""

import json
import struct
import time
import zlib
from pathlib import Path
from typing import Any


def records(file: Path) -> list[Any]:
    """Read a transaction log: after 7 bytes, LevelDB's log format in blocks of 32 KiB."""
    from wandb.proto.wandb_internal_pb2 import Record

    data, block, found, parts = file.read_bytes(), 32768, [], b""
    position = 7
    while position + 7 <= len(data):
        if block - position % block < 7:
            position += block - position % block
            continue
        checksum, length, kind = struct.unpack("<IHB", data[position : position + 7])
        if kind == 0:
            position += block - position % block
            continue
        part = data[position + 7 : position + 7 + length]
        if len(part) < length:
            break
        assert checksum == zlib.crc32(bytes([kind]) + part)
        parts += part
        position += 7 + length
        if kind in (1, 4):
            record = Record()
            record.ParseFromString(parts)
            found.append(record)
            parts = b""
    return found


class Logged:
    """What one run's file says."""

    def __init__(self, file: Path) -> None:
        self.records = records(file)
        self.run = next(record.run for record in self.records if record.HasField("run"))
        self.config = {item.key: json.loads(item.value_json) for item in self.run.config.update}
        self.history = [
            {item.key or item.nested_key[0]: json.loads(item.value_json) for item in record.history.item}
            for record in self.records
            if record.HasField("history")
        ]
        self.summary = {
            item.key or "/".join(item.nested_key): json.loads(item.value_json)
            for record in self.records
            if record.HasField("summary")
            for item in record.summary.update
        }
        self.exits = [record.exit.exit_code for record in self.records if record.HasField("exit")]


def logged(folder: Path, ended: bool = True) -> list[Logged]:
    """Read every run, oldest first; W&B's service writes the end of a file after the run is finished.

    Args:
        folder: Where they lie, at whatever depth.
        ended: Wait until each has its end; else those that stand in their files by now, with what is there.
    """
    for _ in range(200):
        files = list(folder.rglob("*.wandb"))
        begun = [file for file in files if any(record.HasField("run") for record in records(file))]
        if not ended or begun == files:
            runs = [Logged(file) for file in begun]
            if not ended or all(run.exits for run in runs):
                return sorted(runs, key=lambda run: run.run.start_time.ToNanoseconds())
        time.sleep(0.05)
    raise AssertionError("a run has no end")


def everything(folder: Path) -> bytes:
    logged(folder)
    return b"\n".join(file.name.encode() + file.read_bytes() for file in folder.rglob("*") if file.is_file())


def synced(folder: Path) -> bytes:
    """Return all that a sync may send: the runs' files, their names, and every record in one piece."""
    found = []
    for run in sorted(folder.rglob("offline-run-*")):
        files = [*run.glob("*.wandb"), *(file for file in run.glob("files/**/*") if file.is_file())]
        found += [str(file.relative_to(run.parent)).encode() + b"\n" + file.read_bytes() for file in files]
        found += [record.SerializeToString() for file in run.glob("*.wandb") for record in records(file)]
    return b"\n".join(found)
